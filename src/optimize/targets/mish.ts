import type { GraphBuilder } from "../../onnx/graph-builder.js";
import type { Rewrite } from "../target.js";

/**
 * Mish of the negative of a tensor, in five passes with one exponential. With r = sigmoid(-u), mish(u) is
 * u (1 - r²) / (1 + r²) = v - v / D for v = -u and D = (1 + r²) / 2; nothing overflows at either end. onnxruntime's own Mish runs
 * as Softplus, Tanh and Mul, the first entry by entry: seven times as long.
 */
export function mishOfNegative(graph: GraphBuilder, v: string, without?: Rewrite): string {
  if (without === "mish") return graph.op("Mish", [graph.op("Neg", [v])]);
  const r = graph.op("Sigmoid", [v]);
  const half = { float: 0.5 };
  const d = graph.op("HardSigmoid", [graph.op("Mul", [r, r])], { alpha: half, beta: half });
  return graph.op("Sub", [v, graph.op("Div", [v, d])]);
}

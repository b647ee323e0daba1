import type { GraphBuilder } from "../../onnx/graph-builder.js";
import type { GroupNorm } from "../layers.js";
import type { Activation, Target } from "../target.js";

/** A group norm as exporters write it, in their layout. */
export function exportedNorm(
  graph: GraphBuilder,
  target: Target,
  x: Activation,
  norm: GroupNorm,
): Activation {
  const { groups, epsilon, scale, shift } = norm;
  const { steps, channels } = x;
  const same = (value: number) => graph.floats([groups], new Array<number>(groups).fill(value));
  const grouped = graph.reshape(target.leave(x, "ncl"), 0, groups, -1);
  const standard = graph.op("InstanceNormalization", [grouped, same(1), same(0)], {
    epsilon: { float: epsilon },
  });
  const back = graph.reshape(standard, -1, channels, steps);
  const scaled = graph.op("Mul", [back, graph.floats([channels, 1], scale)]);
  return target.enter(graph.op("Add", [scaled, graph.floats([channels, 1], shift)]), "ncl", x);
}

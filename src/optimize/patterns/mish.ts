import type { NodeProto } from "../../onnx/onnx_pb.js";
import type { Source } from "../source.js";
import { eitherWay, type Pattern, scalar } from "./pattern.js";

/** x · tanh(softplus(x)), as operator, as its three parts, or as a ratio of exponentials. */
export const mish: Pattern = (node, search) => {
  const of = mishSource(search.source, node.output[0]);
  const value = of === undefined ? undefined : search.value(of);
  if (!value) return undefined;
  const { layer, layout } = value;
  return { layout, layer: { kind: "mish", of: layer, steps: layer.steps, channels: layer.channels } };
};

/** x when a tensor is Mish of x. */
export function mishSource(source: Source, tensor: string): string | undefined {
  const node = source.producer(tensor, "Mish", "Mul");
  if (!node) return undefined;
  if (node.opType === "Mish") return node.input[0];
  for (const [x, factor] of eitherWay(node)) {
    const tanh = source.producer(factor, "Tanh");
    const softplus = tanh && source.producer(tanh.input[0], "Softplus");
    if (softplus?.input[0] === x || isRatio(source, x, factor)) return x;
  }
  return undefined;
}

/** q / (q + 2) with q = n (n + 2) and n = exp(x), perhaps clipped from above where the ratio is 1 anyway. */
function isRatio(source: Source, x: string, factor: string): boolean {
  const ratio = source.producer(factor, "Div");
  const q = ratio && source.producer(ratio.input[0], "Mul");
  if (!q || !isPlusTwo(source, ratio.input[1], ratio.input[0])) return false;
  return eitherWay(q).some(([n, more]) => {
    const exp = source.producer(n, "Exp");
    return exp !== undefined && isPlusTwo(source, more, n) && isHighlyClipped(source, exp.input[0], x);
  });
}

function isPlusTwo(source: Source, tensor: string, of: string): boolean {
  const sum = source.producer(tensor, "Add");
  return sum !== undefined && eitherWay(sum).some(([a, two]) => a === of && scalar(source, two) === 2);
}

/** exp(15) squared is beyond what float32 tells from the same plus 2. */
const HIGH = 15;

function isHighlyClipped(source: Source, tensor: string, x: string): boolean {
  if (tensor === x) return true;
  const clip: NodeProto | undefined = source.producer(tensor, "Clip", "Min");
  if (clip?.input[0] !== x) return false;
  const [low, high] = clip.opType === "Clip" ? clip.input.slice(1) : ["", clip.input[1]];
  return !low && high !== undefined && (scalar(source, high) ?? 0) >= HIGH;
}

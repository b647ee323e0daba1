import { integer } from "../../onnx/attributes.js";
import type { NodeProto } from "../../onnx/onnx_pb.js";
import type { Source } from "../source.js";
import { normed } from "./group-norm.js";
import { eitherWay, type Pattern, scalar } from "./pattern.js";

/**
 * A group norm from first and second moments: x · s + t with s = w / sqrt(E[x²] - E[x]² + epsilon) and t = b - E[x] · s,
 * over [batch, steps, groups, channels of a group], and a Reshape back.
 */
export const momentNorm: Pattern = (node, search) => {
  const { source } = search;
  if (node.opType !== "Reshape") return undefined;
  const sum = source.producer(node.input[0], "Add");
  if (!sum) return undefined;
  for (const [scaled, shift] of eitherWay(sum)) {
    const product = source.producer(scaled, "Mul");
    for (const [grouped, scale] of product ? eitherWay(product) : []) {
      const grouping = source.producer(grouped, "Reshape");
      const moments = grouping && momentsOf(source, grouped, scale, shift);
      const x = moments && search.sequence(grouping.input[0], "nlc");
      const dims = source.dims(grouped);
      const back = source.dims(node.output[0]);
      if (!x || dims?.length !== 4 || back?.length !== 3) continue;
      const { steps, channels } = x.layer;
      const groups = dims[2];
      if (dims[1] !== steps || groups * dims[3] !== channels || back[1] !== steps || back[2] !== channels)
        continue;
      const { epsilon, scales, shifts } = moments;
      if (scales.length !== channels || shifts.length !== channels) continue;
      return normed(x, { groups, epsilon, scale: scales, shift: shifts });
    }
  }
  return undefined;
};

interface Moments {
  readonly epsilon: number;
  readonly scales: Float64Array;
  readonly shifts: Float64Array;
}

function momentsOf(source: Source, x: string, scale: string, shift: string): Moments | undefined {
  const difference = source.producer(shift, "Sub");
  const shifts = difference && source.constant(difference.input[0])?.data;
  const product = difference && source.producer(difference.input[1], "Mul");
  const mean = product?.input.find((input) => input !== scale);
  if (!shifts || !mean || !isMean(source, mean, x) || !product?.input.includes(scale)) return undefined;
  const weighting = source.producer(scale, "Mul");
  for (const [inverse, constant] of weighting ? eitherWay(weighting) : []) {
    const scales = source.constant(constant)?.data;
    const epsilon = scales && epsilonOf(source, inverse, mean, x);
    if (scales && epsilon !== undefined) {
      return { epsilon, scales: Float64Array.from(scales), shifts: Float64Array.from(shifts) };
    }
  }
  return undefined;
}

/** Epsilon of 1 / sqrt(E[x²] - E[x]² + epsilon). */
function epsilonOf(source: Source, inverse: string, mean: string, x: string): number | undefined {
  const reciprocal = source.producer(inverse, "Reciprocal");
  const root = reciprocal && source.producer(reciprocal.input[0], "Sqrt");
  const sum = root && source.producer(root.input[0], "Add");
  for (const [variance, constant] of sum ? eitherWay(sum) : []) {
    const difference = source.producer(variance, "Sub");
    const square = difference && source.producer(difference.input[0], "ReduceMean");
    const ofSquare = square && isMean(source, square.output[0], square.input[0]);
    if (!difference || !ofSquare || !isSquare(source, square.input[0], x)) continue;
    if (isSquare(source, difference.input[1], mean)) return scalar(source, constant);
  }
  return undefined;
}

function isSquare(source: Source, tensor: string, of: string): boolean {
  const product = source.producer(tensor, "Mul", "Pow");
  if (product?.opType === "Pow") return product.input[0] === of && scalar(source, product.input[1]) === 2;
  return product?.input.every((input) => input === of) ?? false;
}

/** Over time and the channels of a group, of [batch, steps, groups, channels of a group]. */
function isMean(source: Source, tensor: string, of: string): boolean {
  const node: NodeProto | undefined = source.producer(tensor, "ReduceMean");
  const axes = node?.input[1] ? source.constant(node.input[1])?.data : undefined;
  const over = axes && [...axes].map((axis) => (axis < 0 ? axis + 4 : axis)).sort();
  return node?.input[0] === of && over?.join() === "1,3" && integer(node, "keepdims", 1) === 1;
}

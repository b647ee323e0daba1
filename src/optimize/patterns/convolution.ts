import { integer, integers, text } from "../../onnx/attributes.js";
import type { NodeProto } from "../../onnx/onnx_pb.js";
import type { Numbers } from "../../onnx/tensor.js";
import type { Convolution, Phase, Value } from "../layers.js";
import type { Pattern, Search } from "./pattern.js";

/** Conv over one dimension, of any stride and padding. */
export const convolution: Pattern = (node, search) => {
  if (node.opType !== "Conv" || !isPlain(node)) return undefined;
  const weights = search.source.constant(node.input[1]);
  const x = search.sequence(node.input[0], "ncl");
  if (!x || weights?.dims.length !== 3) return undefined;
  const [to, from, kernel] = weights.dims;
  const stride = integers(node, "strides")[0] ?? 1;
  const [before, after] = padding(node);
  const steps = Math.floor((x.layer.steps + before + after - kernel) / stride) + 1;
  const bias = biasOf(node, search, to);
  if (from !== x.layer.channels || !bias || steps < 1) return undefined;
  const taps = tapsOf(weights, kernel, from, to, (k, c, o) => (o * from + c) * kernel + k);
  return written(x, { stride, steps, from, to, phases: [{ first: -before, taps, bias }] });
};

/** ConvTranspose over one dimension: every residue of the output steps is a convolution of its own. */
export const transposedConvolution: Pattern = (node, search) => {
  if (node.opType !== "ConvTranspose" || !isPlain(node) || integers(node, "output_shape").length > 0) {
    return undefined;
  }
  const weights = search.source.constant(node.input[1]);
  const x = search.sequence(node.input[0], "ncl");
  if (!x || weights?.dims.length !== 3) return undefined;
  const [from, to, kernel] = weights.dims;
  const stride = integers(node, "strides")[0] ?? 1;
  const [before, after] = padding(node);
  const more = integers(node, "output_padding")[0] ?? 0;
  const outputs = (x.layer.steps - 1) * stride - before - after + kernel + more;
  const bias = biasOf(node, search, to);
  if (from !== x.layer.channels || !bias || outputs < stride || outputs % stride !== 0) return undefined;
  const all = tapsOf(weights, kernel, from, to, (k, c, o) => (c * to + o) * kernel + k);
  const phases: Phase[] = [];
  for (let phase = 0; phase < stride; phase++) {
    // Tap t carries step (output + before - t) / stride; the later the tap, the earlier the step.
    const own = all.map((_, t) => t).filter((t) => (t - before - phase) % stride === 0);
    if (own.length === 0) return undefined;
    own.reverse();
    const first = (phase + before - own[0]) / stride;
    phases.push({ first, taps: own.map((t) => all[t]), bias });
  }
  return written(x, { stride: 1, steps: outputs / stride, from, to, phases });
};

/** The value that a convolution of a sequence is. */
export function written({ layer, layout }: Value, convolution: Convolution): Value {
  const steps = convolution.steps * convolution.phases.length;
  return { layout, layer: { kind: "convolution", of: layer, convolution, steps, channels: convolution.to } };
}

function isPlain(node: NodeProto): boolean {
  return (
    integer(node, "group", 1) === 1 &&
    integers(node, "dilations").every((dilation) => dilation === 1) &&
    ["NOTSET", "VALID"].includes(text(node, "auto_pad", "NOTSET"))
  );
}

function padding(node: NodeProto): readonly [number, number] {
  const [before = 0, after = 0] = integers(node, "pads");
  return text(node, "auto_pad", "NOTSET") === "VALID" ? [0, 0] : [before, after];
}

function biasOf(node: NodeProto, { source }: Search, to: number): ArrayLike<number> | undefined {
  return node.input[2] ? source.constant(node.input[2])?.data : new Float32Array(to);
}

/** One [from, to] matrix per tap. */
function tapsOf(
  { data }: Numbers,
  kernel: number,
  from: number,
  to: number,
  at: (k: number, c: number, o: number) => number,
): Float32Array[] {
  return Array.from({ length: kernel }, (_, k) => {
    const tap = new Float32Array(from * to);
    for (let c = 0; c < from; c++) for (let o = 0; o < to; o++) tap[c * to + o] = data[at(k, c, o)];
    return tap;
  });
}

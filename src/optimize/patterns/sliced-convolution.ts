import { integer, text } from "../../onnx/attributes.js";
import type { Numbers } from "../../onnx/tensor.js";
import type { Value } from "../layers.js";
import type { Source } from "../source.js";
import { written } from "./convolution.js";
import { eitherWay, type Pattern, perChannel, type Search } from "./pattern.js";

/**
 * A convolution written as neighbouring steps side by side times one matrix: Pad, Gather along time, Reshape, MatMul; or the
 * MatMul alone, for one tap. Steps are the second dimension.
 */
export const slicedConvolution: Pattern = (node, search) => {
  if (node.opType !== "MatMul") return undefined;
  const weights = search.source.constant(node.input[1]);
  if (weights?.dims.length !== 2) return undefined;
  const slices = slicesOf(node.input[0], search);
  if (slices) return asConvolution(slices, weights);
  const x = search.value(node.input[0]);
  if (x?.layout !== "nlc" || x.layer.channels !== weights.dims[0]) return undefined;
  return asConvolution({ x, first: 0, taps: 1, stride: 1, steps: x.layer.steps }, weights);
};

/** A number per channel added to a convolution is its bias. */
export const convolutionBias: Pattern = (node, search) => {
  if (node.opType !== "Add") return undefined;
  for (const [tensor, constant] of eitherWay(node)) {
    const { layer, layout } = search.value(tensor) ?? {};
    if (layer?.kind !== "convolution" || !layout) continue;
    const more = perChannel(search.source, constant, layout, layer.channels);
    if (!more) continue;
    const phases = layer.convolution.phases.map((phase) => ({
      ...phase,
      bias: Float64Array.from(phase.bias, (value, c) => value + more[c]),
    }));
    return { layout, layer: { ...layer, convolution: { ...layer.convolution, phases } } };
  }
  return undefined;
};

/** Convolutions of one sequence side by side, read as neighbouring steps: a transposed convolution. */
export const interleaved: Pattern = (node, search) => {
  if (node.opType !== "Reshape") return undefined;
  const { layer, layout } = search.value(node.input[0]) ?? {};
  if (layer?.kind !== "concat" || layout !== "nlc") return undefined;
  const [first, ...others] = layer.of;
  if (first.kind !== "convolution") return undefined;
  const { convolution, of } = first;
  const phases = [...convolution.phases];
  for (const other of others) {
    if (other.kind !== "convolution" || other.of !== of) return undefined;
    const { stride, steps, to } = other.convolution;
    if (stride !== convolution.stride || steps !== convolution.steps || to !== convolution.to)
      return undefined;
    phases.push(...other.convolution.phases);
  }
  const dims = search.source.dims(node.output[0]);
  const { steps, to } = convolution;
  const fits = phases.length === layer.of.length && dims?.[1] === steps * phases.length && dims[2] === to;
  return fits ? written({ layer: of, layout }, { ...convolution, phases }) : undefined;
};

interface Slices {
  readonly x: Value;
  readonly first: number;
  readonly taps: number;
  readonly stride: number;
  readonly steps: number;
}

function asConvolution({ x, first, taps: count, stride, steps }: Slices, weights: Numbers): Value {
  const from = x.layer.channels;
  const to = weights.dims[1];
  const taps = Array.from({ length: count }, (_, k) =>
    Float32Array.from(weights.data.subarray(k * from * to, (k + 1) * from * to)),
  );
  const bias = new Float32Array(to);
  return written(x, { stride, steps, from, to, phases: [{ first, taps, bias }] });
}

function slicesOf(tensor: string, search: Search): Slices | undefined {
  const { source } = search;
  const reshape = source.producer(tensor, "Reshape");
  const gather = reshape && source.producer(reshape.input[0], "Gather");
  const index = gather && source.constant(gather.input[1]);
  const dims = source.dims(tensor);
  if (!index || integer(gather, "axis", 0) !== 1 || index.dims.length !== 1 || dims?.length !== 3) {
    return undefined;
  }
  const { inner, before } = paddedFrom(source, gather.input[0]);
  const x = search.sequence(inner, "nlc");
  if (!x) return undefined;
  const steps = dims[1];
  const taps = index.data.length / steps;
  if (dims[2] !== taps * x.layer.channels) return undefined;
  const [start] = index.data;
  const stride = steps > 1 ? index.data[taps] - start : 1;
  const regular = index.data.every((at, k) => at === start + Math.floor(k / taps) * stride + (k % taps));
  return regular && stride >= 1 ? { x, first: start - before, taps, stride, steps } : undefined;
}

/** The tensor before zeros were added at both ends of its second dimension, and how many at the beginning. */
function paddedFrom(source: Source, tensor: string): { readonly inner: string; readonly before: number } {
  const pad = source.producer(tensor, "Pad");
  const pads = pad && source.constant(pad.input[1]);
  const value = pad?.input[2] ? source.constant(pad.input[2])?.data[0] : 0;
  const onlySteps = pads?.data.length === 6 && pads.data.every((side, k) => k % 3 === 1 || side === 0);
  if (!pad || !onlySteps || value !== 0 || pad.input[3] || text(pad, "mode", "constant") !== "constant") {
    return { inner: tensor, before: 0 };
  }
  return { inner: pad.input[0], before: pads.data[1] };
}

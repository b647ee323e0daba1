import { integer, real } from "../../onnx/attributes.js";
import type { GroupNorm, Layer, Layout, Value } from "../layers.js";
import { eitherWay, type Pattern, perChannel } from "./pattern.js";

/** As exporters write it: Reshape to groups, InstanceNormalization, Reshape back. */
export const groupedInstanceNorm: Pattern = (node, search) => {
  const { source } = search;
  if (node.opType !== "Reshape") return undefined;
  const instance = source.producer(node.input[0], "InstanceNormalization");
  const grouping = instance && source.producer(instance.input[0], "Reshape");
  const x = grouping && search.sequence(grouping.input[0], "ncl");
  if (!x) return undefined;
  const { steps, channels } = x.layer;
  const grouped = source.dims(grouping.output[0]);
  const back = source.dims(node.output[0]);
  const groups = grouped?.[1] ?? 0;
  const fits = grouped?.length === 3 && groups * grouped[2] === steps * channels && channels % groups === 0;
  const scales = source.constant(instance.input[1])?.data;
  const shifts = source.constant(instance.input[2])?.data;
  if (!fits || back?.length !== 3 || back[1] !== channels || !scales || !shifts) return undefined;
  const spread = (values: ArrayLike<number>) =>
    Float64Array.from({ length: channels }, (_, c) => values[Math.floor((c * groups) / channels)]);
  const epsilon = Math.fround(real(instance, "epsilon", 1e-5));
  return normed(x, { groups, epsilon, scale: spread(scales), shift: spread(shifts) });
};

/** The operator of opset 18, with numbers per group, and of opset 21, per channel. */
export const groupNormalization: Pattern = (node, search) => {
  if (node.opType !== "GroupNormalization") return undefined;
  const x = search.sequence(node.input[0], "ncl");
  const scales = search.source.constant(node.input[1])?.data;
  const shifts = search.source.constant(node.input[2])?.data;
  const groups = integer(node, "num_groups", 0);
  if (!x || !scales || !shifts || groups < 1) return undefined;
  const { channels } = x.layer;
  const spread = (values: ArrayLike<number>) =>
    Float64Array.from({ length: channels }, (_, c) => values[Math.floor((c * values.length) / channels)]);
  const epsilon = real(node, "epsilon", 1e-5);
  return normed(x, { groups, epsilon, scale: spread(scales), shift: spread(shifts) });
};

/** Scaling and shifting channels right after a norm is part of it. */
export const normAffine: Pattern = (node, search) => {
  if (node.opType !== "Mul" && node.opType !== "Add") return undefined;
  for (const [tensor, constant] of eitherWay(node)) {
    const { layer, layout } = search.value(tensor) ?? {};
    if (layer?.kind !== "norm" || !layout) continue;
    const numbers = perChannel(search.source, constant, layout, layer.channels);
    if (!numbers) continue;
    const { scale, shift } = layer.norm;
    const norm: GroupNorm =
      node.opType === "Mul"
        ? {
            ...layer.norm,
            scale: scale.map((v, c) => v * numbers[c]),
            shift: shift.map((v, c) => v * numbers[c]),
          }
        : { ...layer.norm, shift: shift.map((v, c) => v + numbers[c]) };
    return { layout, layer: { ...layer, norm } };
  }
  return undefined;
};

export function normed({ layer, layout }: { layer: Layer; layout: Layout }, norm: GroupNorm): Value {
  return { layout, layer: { kind: "norm", of: layer, norm, steps: layer.steps, channels: layer.channels } };
}

import { integer, integers } from "../../onnx/attributes.js";
import type { Pattern } from "./pattern.js";

const ENTRY_BY_ENTRY = new Set([
  ..."Relu LeakyRelu Elu Gelu HardSwish Sigmoid Tanh Softplus Exp Neg Abs Erf".split(" "),
  ..."Add Sub Mul Div".split(" "),
]);

/** Operators that do not care where an entry lies, on sequences of one shape: residuals, other activations. */
export const elementwise: Pattern = (node, search) => {
  if (!ENTRY_BY_ENTRY.has(node.opType) || node.domain !== "") return undefined;
  const known = node.input.map((name) => search.value(name)).find((value) => value);
  if (!known) return undefined;
  const { layout, layer } = known;
  const of = node.input.map((name) => search.sequence(name, layout)?.layer);
  const alike = of.flatMap((other) =>
    other && other.steps === layer.steps && other.channels === layer.channels ? [other] : [],
  );
  if (alike.length !== of.length) return undefined;
  return {
    layout,
    layer: { kind: "elementwise", node, of: alike, steps: layer.steps, channels: layer.channels },
  };
};

/** Channels of several sequences side by side. */
export const concat: Pattern = (node, search) => {
  if (node.opType !== "Concat") return undefined;
  const known = node.input.map((name) => search.value(name)).find((value) => value);
  if (!known) return undefined;
  const { layout } = known;
  const axis = integer(node, "axis", 0);
  if ((axis < 0 ? axis + 3 : axis) !== (layout === "ncl" ? 1 : 2)) return undefined;
  const of = node.input.flatMap((name) => search.sequence(name, layout)?.layer ?? []);
  const { steps } = known.layer;
  if (of.length !== node.input.length || of.some((layer) => layer.steps !== steps)) return undefined;
  const channels = of.reduce((sum, layer) => sum + layer.channels, 0);
  return { layout, layer: { kind: "concat", of, steps, channels } };
};

/** Channels and steps change places: only the layout does. */
export const transpose: Pattern = (node, search) => {
  if (node.opType !== "Transpose" || integers(node, "perm").join() !== "0,2,1") return undefined;
  const value = search.value(node.input[0]);
  return value && { layer: value.layer, layout: value.layout === "ncl" ? "nlc" : "ncl" };
};

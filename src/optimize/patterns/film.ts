import { integer } from "../../onnx/attributes.js";
import type { Layout, Term } from "../layers.js";
import type { Source } from "../source.js";
import { eitherWay, type Pattern } from "./pattern.js";

/** A sequence scaled or shifted by a number per channel that depends on level and observation. */
export const film: Pattern = (node, search) => {
  if (node.opType !== "Mul" && node.opType !== "Add") return undefined;
  for (const [tensor, operand] of eitherWay(node)) {
    const { layer, layout } = search.value(tensor) ?? {};
    const term = layer && layout && termOf(search.source, operand, layout, layer.channels);
    if (!term) continue;
    search.note(term);
    const { steps, channels } = layer;
    return { layout, layer: { kind: "film", of: layer, op: node.opType, term, steps, channels } };
  }
  return undefined;
};

/** Traces a tensor with one number per channel back to the columns of a flat one that it was cut from. */
function termOf(source: Source, operand: string, layout: Layout, channels: number): Term | undefined {
  const dims = source.dims(operand);
  const origins = source.origins(operand);
  const [ofChannels, ofSteps] = layout === "ncl" ? [1, 2] : [2, 1];
  if (origins.size === 0 || origins.has("sample") || dims?.length !== 3) return undefined;
  if (dims[ofChannels] !== channels || dims[ofSteps] !== 1) return undefined;
  if (dims[0] !== 1 && !source.isBatched(operand)) return undefined;
  let flat = operand;
  let first = 0;
  for (;;) {
    const cut = cutOf(source, flat);
    if (!cut) break;
    flat = cut.from;
    first += cut.first;
  }
  const width = (source.dims(flat) ?? []).slice(1).reduce((product, side) => product * side, 1);
  return { flat, width, first, count: channels };
}

interface Cut {
  readonly from: string;
  readonly first: number;
}

/** When every row of a tensor is a run of neighbouring numbers of the same row of another: which, and from where. */
function cutOf(source: Source, tensor: string): Cut | undefined {
  const node = source.producer(
    tensor,
    "Reshape",
    "Flatten",
    "Unsqueeze",
    "Squeeze",
    "Gather",
    "Slice",
    "Split",
  );
  const from = node?.input[0] ?? "";
  const whole = source.dims(from);
  const part = source.dims(tensor);
  if (!node || !whole || !part || whole.length < 2 || whole[0] !== part[0]) return undefined;
  const along = (axis: number, start: number): Cut | undefined => {
    const at = axis < 0 ? axis + whole.length : axis;
    if (at < 1 || whole.slice(1, at).some((side) => side !== 1)) return undefined;
    const inner = whole.slice(at + 1).reduce((product, side) => product * side, 1);
    return { from, first: (start < 0 ? start + whole[at] : start) * inner };
  };
  switch (node.opType) {
    case "Gather": {
      const index = source.constant(node.input[1]);
      return index?.dims.length === 0 ? along(integer(node, "axis", 0), index.data[0]) : undefined;
    }
    case "Slice": {
      const [starts, , axes, steps] = node.input.slice(1).map((name) => source.constant(name)?.data);
      if (starts?.length !== 1 || axes?.length !== 1 || (node.input[4] && steps?.[0] !== 1)) return undefined;
      return along(axes[0], starts[0]);
    }
    case "Split": {
      const axis = integer(node, "axis", 0);
      const at = axis < 0 ? axis + whole.length : axis;
      const earlier = node.output.slice(0, node.output.indexOf(tensor));
      return along(
        axis,
        earlier.reduce((sum, name) => sum + (source.dims(name)?.[at] ?? Number.NaN), 0),
      );
    }
    default:
      return { from, first: 0 };
  }
}

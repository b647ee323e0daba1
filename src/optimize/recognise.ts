import type { Layout, Term, Value } from "./layers.js";
import { convolution, transposedConvolution } from "./patterns/convolution.js";
import { concat, elementwise, transpose } from "./patterns/elementwise.js";
import { film } from "./patterns/film.js";
import { groupedInstanceNorm, groupNormalization, normAffine } from "./patterns/group-norm.js";
import { mish } from "./patterns/mish.js";
import { momentNorm } from "./patterns/moment-norm.js";
import type { Pattern, Search } from "./patterns/pattern.js";
import { convolutionBias, interleaved, slicedConvolution } from "./patterns/sliced-convolution.js";
import type { Source } from "./source.js";

/** The first that fits a node counts: those that make a layer part of another come before those that make it a new one. */
const PATTERNS: readonly Pattern[] = [
  convolution,
  transposedConvolution,
  slicedConvolution,
  interleaved,
  convolutionBias,
  groupedInstanceNorm,
  groupNormalization,
  momentNorm,
  normAffine,
  mish,
  film,
  transpose,
  concat,
  elementwise,
];

export interface Recognised {
  /** Layers by the tensors of the graph that they make. */
  readonly values: ReadonlyMap<string, Value>;
  readonly terms: readonly Term[];
}

/** Finds the layers of a graph, node by node; what no pattern knows has none. */
export function recognise(source: Source): Recognised {
  const values = new Map<string, Value>();
  const taken = new Map<string, Value>();
  const terms: Term[] = [];
  const search: Search = {
    source,
    value: (tensor) => values.get(tensor) ?? taken.get(`ncl ${tensor}`) ?? taken.get(`nlc ${tensor}`),
    sequence(tensor, layout) {
      const known = values.get(tensor);
      if (known) return known.layout === layout ? known : undefined;
      const key = `${layout} ${tensor}`;
      const value = taken.get(key) ?? take(source, tensor, layout);
      if (value) taken.set(key, value);
      return value;
    },
    note: (term) => void terms.push(term),
  };
  for (const node of source.nodes) {
    for (const pattern of PATTERNS) {
      const value = pattern(node, search);
      if (!value) continue;
      values.set(node.output[0], value);
      break;
    }
  }
  return { values, terms };
}

function take(source: Source, tensor: string, layout: Layout): Value | undefined {
  const dims = source.dims(tensor);
  const isSequence = dims?.length === 3 && source.isBatched(tensor) && source.origins(tensor).has("sample");
  if (!isSequence) return undefined;
  const turned = source.producer(tensor, "Transpose");
  const [steps, channels] = layout === "ncl" ? [dims[2], dims[1]] : [dims[1], dims[2]];
  // Another transposition would follow: take what was transposed instead.
  const inner =
    turned?.attribute[0]?.ints.join() === "0,2,1"
      ? { tensor: turned.input[0], layout: layout === "ncl" ? ("nlc" as const) : ("ncl" as const) }
      : { tensor, layout };
  return { layout, layer: { kind: "input", ...inner, steps, channels } };
}

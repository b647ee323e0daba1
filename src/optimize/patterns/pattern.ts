import type { NodeProto } from "../../onnx/onnx_pb.js";
import type { Layout, Term, Value } from "../layers.js";
import type { Source } from "../source.js";

/** What patterns can ask while a graph is searched, first node first. */
export interface Search {
  readonly source: Source;
  /** The layer that a tensor was found to be. */
  value(tensor: string): Value | undefined;
  /** The same; or any [batch, ., .] tensor that depends on the sample, taken as a sequence of this layout. */
  sequence(tensor: string, layout: Layout): Value | undefined;
  /** Notes a term of level and observation, so that all of them are computed together. */
  note(term: Term): void;
}

/** The layer that a node's first output is, if this pattern ends in it. */
export type Pattern = (node: NodeProto, search: Search) => Value | undefined;

/** Both orders of a node's two inputs. */
export function eitherWay({ input }: NodeProto): readonly (readonly [string, string])[] {
  return input.length === 2
    ? [
        [input[0], input[1]],
        [input[1], input[0]],
      ]
    : [];
}

/** A constant that holds one number. */
export function scalar(source: Source, name: string): number | undefined {
  const numbers = source.constant(name);
  return numbers?.data.length === 1 ? numbers.data[0] : undefined;
}

/** A constant that holds one number for every channel of a layout, or one for all. */
export function perChannel(
  source: Source,
  name: string,
  layout: Layout,
  channels: number,
): Float64Array | undefined {
  const numbers = source.constant(name);
  if (!numbers || numbers.dims.length > 3) return undefined;
  if (numbers.data.length === 1) return new Float64Array(channels).fill(numbers.data[0]);
  const dims = [1, 1, 1, ...numbers.dims].slice(-3);
  const wanted = layout === "ncl" ? [1, channels, 1] : [1, 1, channels];
  return dims.every((side, k) => side === wanted[k]) ? Float64Array.from(numbers.data) : undefined;
}

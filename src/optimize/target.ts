import type { NodeProto } from "../onnx/onnx_pb.js";
import type { Convolution, GroupNorm, Layout, Sequence } from "./layers.js";

/**
 * Rewrites that can be left out, to see what each is worth: fewest products per convolution, table over the levels and one
 * map for all FiLM terms, what depends on the observation alone once per tick, moments instead of InstanceNormalization,
 * Mish in five passes.
 */
export const REWRITES = ["products", "tables", "observation", "norms", "mish"] as const;

export type Rewrite = (typeof REWRITES)[number];

/** A sequence in the graph that is written. */
export interface Activation extends Sequence {
  readonly tensor: string;
}

/** A way to write layers as ONNX nodes. All methods add nodes and give what they compute. */
export interface Target {
  /** How it wants terms of level and observation: [batch, channels] or [batch, 1, channels]. */
  readonly termRank: 2 | 3;
  /** Into how many parts one Split may cut. */
  readonly mostParts: number;
  /** Takes a tensor of the exported graph in. */
  enter(tensor: string, layout: Layout, sequence: Sequence): Activation;
  /** Gives a tensor laid out as the exported graph wants it. */
  leave(x: Activation, layout: Layout): string;
  convolution(x: Activation, convolution: Convolution): Activation;
  norm(x: Activation, norm: GroupNorm): Activation;
  mish(x: Activation): Activation;
  /** Mish of a norm in one go. */
  normMish(x: Activation, norm: GroupNorm): Activation;
  /** x and a term; its batch may be 1. */
  film(op: "Mul" | "Add", x: Activation, term: string): Activation;
  /** Any operator that works entry by entry on sequences of one shape. */
  elementwise(node: NodeProto, of: readonly Activation[]): Activation;
  concat(of: readonly Activation[]): Activation;
}

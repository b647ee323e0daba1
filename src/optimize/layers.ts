import type { NodeProto } from "../onnx/onnx_pb.js";

/**
 * What the patterns find in a graph, whatever the exporter wrote it as: layers over sequences of `steps` time steps with
 * `channels` each. Layers know what they read, so they form a graph of their own; targets write it out again.
 */
export type Layer = Sequence &
  (
    | { readonly kind: "input"; readonly tensor: string; readonly layout: Layout }
    | { readonly kind: "convolution"; readonly of: Layer; readonly convolution: Convolution }
    | { readonly kind: "norm"; readonly of: Layer; readonly norm: GroupNorm }
    | { readonly kind: "mish"; readonly of: Layer }
    | { readonly kind: "film"; readonly of: Layer; readonly op: "Mul" | "Add"; readonly term: Term }
    | { readonly kind: "elementwise"; readonly of: readonly Layer[]; readonly node: NodeProto }
    | { readonly kind: "concat"; readonly of: readonly Layer[] }
  );

export interface Sequence {
  readonly steps: number;
  readonly channels: number;
}

/** How the exported graph lays a sequence out: [batch, channels, steps] or [batch, steps, channels]. */
export type Layout = "ncl" | "nlc";

/** A tensor of the exported graph that is a layer. */
export interface Value {
  readonly layer: Layer;
  readonly layout: Layout;
}

/**
 * Any linear map of neighbouring steps. With P phases of n steps each,
 * `out[i * P + p] = bias_p + sum over k of in[i * stride + first_p + k] * taps_p[k]` for i < n, reading zeros outside.
 */
export interface Convolution {
  readonly stride: number;
  /** n: steps of every phase. */
  readonly steps: number;
  readonly phases: readonly Phase[];
  /** Channels read and written. */
  readonly from: number;
  readonly to: number;
}

export interface Phase {
  readonly first: number;
  /** [from, to] each. */
  readonly taps: readonly Float32Array[];
  readonly bias: ArrayLike<number>;
}

/**
 * Normalises over time and the channels of a group, then scales and shifts every channel. The large graph takes the variance
 * as E[x²] - E[x]²: where a mean is a hundred times its deviation, float32 leaves three digits.
 */
export interface GroupNorm {
  readonly groups: number;
  readonly epsilon: number;
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** Columns of a [batch, width] tensor of the exported graph that depends on level and observation only. */
export interface Term {
  readonly flat: string;
  readonly width: number;
  readonly first: number;
  readonly count: number;
}

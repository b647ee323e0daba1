import type { Bundle, OptimizedGraph } from "../policy/bundle.js";
import type { Runtime } from "./runtime.js";

/** What a network is loaded from. */
export interface NetworkFiles extends Pick<Bundle, "manifest" | "network" | "optimized"> {
  /** Whether its graphs take several observations, and {@link OBSERVATION_OF_ROW}. */
  readonly isJoint?: boolean;
}

/** Which of several observations each row of a batch belongs to, [batch] int64: an input of the graphs that take several. */
export const OBSERVATION_OF_ROW = "observation_of_row";

/** A graph that a provider runs: an optimised one, or the original. */
export type RunGraph = Pick<OptimizedGraph, "file" | "sha256" | "fromRows" | "bytes" | "observation">;

/** Those optimised graphs of a policy that a provider runs: webgpu and cuda those for a GPU. */
export function optimizedFor(
  { optimized }: Pick<Bundle, "optimized">,
  provider: Runtime["provider"],
): readonly OptimizedGraph[] {
  const wanted = provider === "cpu" ? "cpu" : "gpu";
  return optimized.filter((graph) => graph.for === wanted);
}

/** The graphs that a provider runs of a policy, by ascending rows; the first begins at one row. */
export function graphsFor(bundle: NetworkFiles, provider: Runtime["provider"]): readonly RunGraph[] {
  const optimized = optimizedFor(bundle, provider);
  if (optimized[0]?.fromRows === 1) return optimized;
  const { file, sha256 } = bundle.manifest.denoiser;
  return [{ file, sha256, fromRows: 1, bytes: bundle.network }, ...optimized];
}

/** Of {@link graphsFor}, the one that answers a call of so many rows: the last that begins there or below. */
export function graphAt<G extends Pick<OptimizedGraph, "fromRows">>(graphs: readonly G[], rows: number): G {
  let chosen = graphs[0];
  for (const graph of graphs) if (graph.fromRows <= rows) chosen = graph;
  return chosen;
}

/** @example describeGraphs(graphs) // "small.onnx, from 6 rows on large.onnx, observation.onnx once per tick" */
export function describeGraphs(
  graphs: readonly Pick<RunGraph, "file" | "fromRows" | "observation">[],
): string {
  const once = new Set(graphs.flatMap(({ observation }) => observation?.file ?? []));
  return [
    ...graphs.map(({ file, fromRows }, k) => (k === 0 ? file : `from ${fromRows} rows on ${file}`)),
    ...[...once].map((file) => `${file} once per tick`),
  ].join(", ");
}

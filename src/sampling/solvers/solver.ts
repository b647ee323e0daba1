import type { Denoiser } from "../denoiser.js";
import type { ChunkNoise } from "../noise.js";
import type { Guess } from "../response.js";
import type { Rule } from "../rules/rule.js";

/**
 * One chunk to sample. Given its noise the answer is unique: the sequential sample.
 */
export interface Problem {
  readonly rule: Rule;
  readonly denoiser: Denoiser;
  readonly noise: ChunkNoise;
  /** [steps · H·D] a guess of the clean prediction at every step: the warm start. Absent means cold. */
  readonly start?: Float64Array;
  /** A straight-line model of the denoiser's answers to the present observation, for cold starts. */
  readonly guess?: Guess;
}

/**
 * The state of a solve after one sweep. Its arrays are views that the next sweep overwrites: copy what must last.
 */
export interface Iterate {
  /** [H·D] the candidate chunk, normalised. */
  readonly chunk: Float64Array;
  /** [steps · H·D] the clean prediction at every step: what the next tick starts from. */
  readonly clean: Float64Array;
  /**
   * Estimated distance of the chunk from the sequential sample, in units of the normalised action range [-1, 1].
   * Infinity while the sweep front has not reached the end of the chain: such a chunk must never be executed.
   */
  readonly residual: number;
  /** Batched network calls so far. */
  readonly sweeps: number;
  /** Network evaluations so far: the sum of the batch sizes. */
  readonly evaluations: number;
  /** True once, on the last iterate of a solve that met its tolerance or became exact. */
  readonly accepted: boolean;
}

/**
 * Yields an iterate after every sweep and returns after the accepted one. A caller may stop between any two sweeps.
 * Every solver ends by itself, within the number of sweeps that its own comment proves.
 *
 * @example
 * for await (const iterate of solver(problem)) {
 *   if (performance.now() > deadline) break;
 * }
 */
export type Solver = (problem: Problem) => AsyncGenerator<Iterate, void, void>;

export function chunkSize(problem: Problem): number {
  const { horizon, dim } = problem.denoiser.shape;
  return horizon * dim;
}

/** Largest |a - b| over entries `[from, to)`; NaN if any is NaN. */
export function largestChange(a: Float64Array, b: Float64Array, from: number, to: number): number {
  let largest = 0;
  for (let k = from; k < to; k++) {
    const change = Math.abs(a[k] - b[k]);
    if (Number.isNaN(change)) return change;
    if (change > largest) largest = change;
  }
  return largest;
}

/** Runs a solve to its end; the iterate's arrays are no longer overwritten. */
export async function lastIterate(solver: Solver, problem: Problem): Promise<Iterate> {
  let last: Iterate | undefined;
  for await (const iterate of solver(problem)) last = iterate;
  if (!last) throw new Error("a solver ended without an iterate");
  return last;
}

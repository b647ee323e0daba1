import type { ChunkShape } from "./denoiser.js";
import { type ChunkNoise, drawNoise, type GaussianStream } from "./noise.js";

/** What one tick leaves to the next: the clean prediction of every step and the noise it was solved with. */
export interface Carried {
  /** [steps · H·D] */
  readonly clean: Float64Array;
  readonly noise: ChunkNoise;
}

/** What the next tick starts from. `start` is absent when nothing useful could be carried. */
export interface Start {
  readonly start?: Float64Array;
  readonly noise: ChunkNoise;
}

/**
 * Begins a solve from the previous tick. The clean predictions, not the states, are carried: shifted by the executed
 * steps they remain good guesses under any noise, from which the rule's own recurrence rebuilds the states.
 *
 * `coupling` ρ ∈ [0, 1] mixes the previous noise, shifted in time, with fresh noise: z' = ρ·shift(z) + √(1-ρ²)·fresh,
 * with a fresh tail, so that every tick's noise is standard normal. ρ = 0 gives independent ticks, exact in law; ρ = 1
 * keeps the plan in one mode from tick to tick, but couples the ticks of an episode.
 *
 * @param carried the previous tick, or undefined for a cold start.
 * @param executed control steps between the two observations.
 * @throws RangeError when ρ is outside [0, 1] or `executed` is not a whole number ≥ 0.
 * @example
 * const { start, noise } = warmStart(shape, rule.steps, previous, 8, 1, new GaussianStream(seed, tick));
 */
export function warmStart(
  shape: ChunkShape,
  steps: number,
  carried: Carried | undefined,
  executed: number,
  coupling: number,
  stream: GaussianStream,
): Start {
  if (!(coupling >= 0 && coupling <= 1))
    throw new RangeError(`noise coupling lies in [0, 1], not ${coupling}`);
  if (!Number.isInteger(executed) || executed < 0) {
    throw new RangeError(`executed steps are a whole number ≥ 0, not ${executed}`);
  }
  const size = shape.horizon * shape.dim;
  const noise = drawNoise(steps, size, stream);
  if (!carried || executed >= shape.horizon) return { noise };
  const kept = size - executed * shape.dim;
  couple(noise.initial, carried.noise.initial, size, kept, coupling);
  couple(noise.steps, carried.noise.steps, size, kept, coupling);
  return { noise, start: shiftChunks(carried.clean, shape, executed) };
}

/** Mixes the carried noise, shifted, into fresh noise, chunk by chunk; the last `size - kept` entries stay fresh. */
function couple(
  fresh: Float64Array,
  carried: Float64Array,
  size: number,
  kept: number,
  coupling: number,
): void {
  const rest = Math.sqrt(1 - coupling ** 2);
  for (let chunk = 0; chunk < fresh.length; chunk += size) {
    for (let k = 0; k < kept; k++) {
      fresh[chunk + k] = coupling * carried[chunk + size - kept + k] + rest * fresh[chunk + k];
    }
  }
}

/** Every chunk moved `executed` steps towards its past; the tail holds the last value. */
function shiftChunks(chunks: Float64Array, { horizon, dim }: ChunkShape, executed: number): Float64Array {
  const size = horizon * dim;
  const shifted = new Float64Array(chunks.length);
  for (let chunk = 0; chunk < chunks.length; chunk += size) {
    for (let h = 0; h < horizon; h++) {
      const from = chunk + Math.min(h + executed, horizon - 1) * dim;
      for (let d = 0; d < dim; d++) shifted[chunk + h * dim + d] = chunks[from + d];
    }
  }
  return shifted;
}

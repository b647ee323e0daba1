import type { NoiseSchedule } from "./schedule.js";

/** Horizon H and action dimension D of a chunk; a chunk is H·D numbers, time-major. */
export interface ChunkShape {
  readonly horizon: number;
  readonly dim: number;
}

/**
 * Predicts the clean chunk from noisy ones, for one fixed observation.
 */
export interface Denoiser {
  readonly shape: ChunkShape;
  /**
   * Fills `out` with the clipped prediction x̂0 for the first `rows` states.
   *
   * @param states [rows · H·D] normalised states, one after another.
   * @param levels [rows] the noise level of each state.
   * @param out [rows · H·D]
   */
  predict(states: Float64Array, levels: Int32Array, rows: number, out: Float64Array): Promise<void> | void;
}

/** A network that predicts the noise in a state: same shapes as {@link Denoiser}. */
export interface NoiseNetwork {
  readonly shape: ChunkShape;
  predictNoise(
    states: Float64Array,
    levels: Int32Array,
    rows: number,
    out: Float64Array,
  ): Promise<void> | void;
}

/**
 * Turns noise predictions into clean ones, x̂0 = (x - √(1-ᾱ)·ε) / √ᾱ, clipped to ±`clip`. The clip belongs to the
 * algorithm: at the noisiest level the division by √ᾱ ≈ 5e-4 makes the bare quotient meaningless.
 *
 * @example
 * const denoiser = cleanFromNoise(network, squaredCosine(100), 1);
 */
export function cleanFromNoise(network: NoiseNetwork, schedule: NoiseSchedule, clip: number): Denoiser {
  const size = network.shape.horizon * network.shape.dim;
  return {
    shape: network.shape,
    async predict(states, levels, rows, out) {
      await network.predictNoise(states, levels, rows, out);
      for (let row = 0; row < rows; row++) {
        const signal = schedule.signal[levels[row]];
        const noiseScale = Math.sqrt(1 - signal);
        const inverse = 1 / Math.sqrt(signal);
        for (let k = row * size; k < (row + 1) * size; k++) {
          const clean = (states[k] - noiseScale * out[k]) * inverse;
          // Overflow becomes NaN, which no clip swallows: clipped, it would be a full-scale action.
          out[k] = Number.isFinite(clean) ? Math.min(clip, Math.max(-clip, clean)) : Number.NaN;
        }
      }
    },
  };
}

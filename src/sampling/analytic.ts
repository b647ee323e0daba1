import type { ChunkShape, Denoiser } from "./denoiser.js";
import type { NoiseSchedule } from "./schedule.js";

/** One mode of the data: a chunk and its weight. */
export interface Mode {
  readonly mean: ArrayLike<number>;
  readonly weight: number;
}

/**
 * The exact denoiser of the mixture Σ w_k N(m_k, s²I): the posterior mean of the clean chunk, in closed form. It has
 * modes to choose between, as a policy has, and known answers, as a network has not.
 *
 * With D_k = exp(-|x - √ᾱ m_k|² / 2v), v = ᾱs² + 1 - ᾱ:  E[x_0 | x] = Σ w_k D_k (m_k + √ᾱ s²/v (x - √ᾱ m_k)) / Σ w_k D_k.
 *
 * @throws RangeError when a mode has the wrong length.
 * @example
 * const denoiser = gaussianMixture({ horizon: 16, dim: 2 }, schedule, [{ mean: new Float64Array(32), weight: 1 }], 0.05);
 */
export function gaussianMixture(
  shape: ChunkShape,
  schedule: NoiseSchedule,
  modes: readonly Mode[],
  deviation: number,
  clip = 1,
): Denoiser {
  const size = shape.horizon * shape.dim;
  for (const { mean } of modes) {
    if (mean.length !== size) throw new RangeError(`a mode has ${mean.length} values; a chunk has ${size}`);
  }
  const share = new Float64Array(modes.length);
  return {
    shape,
    predict(states, levels, rows, out) {
      for (let row = 0; row < rows; row++) {
        const signal = schedule.signal[levels[row]];
        const root = Math.sqrt(signal);
        const variance = signal * deviation ** 2 + 1 - signal;
        const pull = (root * deviation ** 2) / variance;
        const at = row * size;
        let largest = Number.NEGATIVE_INFINITY;
        for (let m = 0; m < modes.length; m++) {
          let distance = 0;
          for (let k = 0; k < size; k++) distance += (states[at + k] - root * modes[m].mean[k]) ** 2;
          share[m] = Math.log(modes[m].weight) - distance / (2 * variance);
          largest = Math.max(largest, share[m]);
        }
        let total = 0;
        for (let m = 0; m < modes.length; m++) {
          share[m] = Math.exp(share[m] - largest);
          total += share[m];
        }
        for (let k = 0; k < size; k++) {
          let clean = 0;
          for (let m = 0; m < modes.length; m++) {
            clean += (share[m] / total) * (modes[m].mean[k] * (1 - pull * root) + pull * states[at + k]);
          }
          out[at + k] = Math.min(clip, Math.max(-clip, clean));
        }
      }
    },
  };
}

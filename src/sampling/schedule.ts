/**
 * How much signal is left at every noise level; level 0 is the cleanest.
 */
export interface NoiseSchedule {
  /** Number of noise levels N. */
  readonly levels: number;
  /** `beta[t]`: variance added from level t-1 to level t. */
  readonly beta: Float64Array;
  /** `signal[t]` = ᾱ_t: share of the clean chunk's variance left at level t. */
  readonly signal: Float64Array;
}

/**
 * The squared-cosine schedule of Nichol and Dhariwal (2021), with the cap of 0.999 that diffusers calls
 * `squaredcos_cap_v2` and on which Diffusion Policy is trained.
 *
 * @throws RangeError when `levels` is not a positive integer.
 * @example
 * const schedule = squaredCosine(100);
 * schedule.signal[50]; // 0.478…
 */
export function squaredCosine(levels: number): NoiseSchedule {
  if (!Number.isInteger(levels) || levels < 1) {
    throw new RangeError(`a noise schedule needs a positive whole number of levels, not ${levels}`);
  }
  const f = (s: number) => Math.cos((((s + 0.008) / 1.008) * Math.PI) / 2) ** 2;
  const beta = new Float64Array(levels);
  const signal = new Float64Array(levels);
  let product = 1;
  for (let t = 0; t < levels; t++) {
    beta[t] = Math.min(1 - f((t + 1) / levels) / f(t / levels), 0.999);
    product *= 1 - beta[t];
    signal[t] = product;
  }
  return { levels, beta, signal };
}

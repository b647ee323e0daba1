/**
 * A sampling rule: one linear recurrence in the state and the clean predictions, one row per step,
 *
 *     x[i+1] = state[i]·x[i] + clean[i]·x̂0[i] + previous[i]·x̂0[i-1] + noise[i]·z[i]        i = 0 … steps-1
 *
 * Step 0 leaves the noisiest level. Every rule of the literature is a choice of these coefficients; every solver works
 * on any of them.
 */
export interface Rule {
  readonly name: string;
  readonly steps: number;
  /** Noise level at which step i evaluates the denoiser. */
  readonly level: Int32Array;
  readonly state: Float64Array;
  readonly clean: Float64Array;
  /** Weight of the prediction of the step before, for multistep rules; 0 on step 0. */
  readonly previous: Float64Array;
  /** Standard deviation of the noise that step i adds. */
  readonly noise: Float64Array;
  /** ᾱ of the level of step i. */
  readonly signal: Float64Array;
  /**
   * Standard deviation of the DDPM posterior between the levels of step i, whether or not the rule adds noise: the unit
   * in which ParaDiGMS states its tolerance for every rule.
   */
  readonly deviation: Float64Array;
}

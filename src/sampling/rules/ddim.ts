import type { NoiseSchedule } from "../schedule.js";
import type { Rule } from "./rule.js";
import { ruleAlong } from "./transition.js";

export interface DdimOptions {
  /** Levels to visit, noisiest first, from `levelGrid`; all of them unless told. */
  readonly grid?: Int32Array;
  /** Share η of the DDPM posterior's noise that a step adds, in [0, 1]: 0 is an ODE, 1 is `ddpm` exactly. */
  readonly eta?: number;
  /**
   * ᾱ after the last step: 1 (`one`), so that the sample is a prediction of the network, or that of level 0 (`first`),
   * so that a little noise is left. diffusers' `set_alpha_to_one` true and false.
   */
  readonly final?: "one" | "first";
}

/**
 * Denoising diffusion implicit models, Song et al. (2021), equations 12 and 16:
 *
 *     x' = √ᾱ'·x̂0 + √(1-ᾱ'-σ²)·ε + σ·z,     ε = (x - √ᾱ·x̂0) / √(1-ᾱ),     σ² = η²·(1-ᾱ')/(1-ᾱ)·(1-ᾱ/ᾱ')
 *
 * It is computed from the growth h of λ = ½·ln(ᾱ/(1-ᾱ)) over the step, with ρ = √(1-η²+η²e^(-2h)), because the
 * differences above lose digits between close levels and where ᾱ is nearly 0:
 *
 *     x' = √((1-ᾱ')/(1-ᾱ))·ρ·x + √ᾱ'·(1-ρ·e^(-h))·x̂0 + η·√((1-ᾱ')·(1-e^(-2h)))·z
 *
 * ε follows from the clipped x̂0, as it must in a recurrence in x and x̂0: diffusers' `use_clipped_model_output=True`.
 * Its default keeps the network's ε, which is the same wherever the clip does nothing.
 *
 * Cost: one evaluation per level of the grid. Use it with 10 to 25 levels where sequential evaluations are dear, and as
 * the deterministic rule: at η = 0 the chunk depends on the initial noise alone.
 *
 * @throws RangeError on an η outside [0, 1] or a grid that does not decrease strictly within the schedule's levels.
 * @example
 * const schedule = squaredCosine(100);
 * const rule = ddim(schedule, { grid: levelGrid(100, { steps: 10, spacing: "leading" }) });
 */
export function ddim(schedule: NoiseSchedule, options: DdimOptions = {}): Rule {
  const { grid, eta = 0, final = "one" } = options;
  if (!(eta >= 0 && eta <= 1)) throw new RangeError(`eta lies in [0, 1], not ${eta}`);
  return ruleAlong("ddim", schedule, grid, final === "one" ? 1 : schedule.signal[0], (chain, i) => {
    const { signal, cleaner, stride } = chain[i];
    const logRho = Math.log1p(eta ** 2 * Math.expm1(-2 * stride)) / 2;
    return {
      state: Math.sqrt((1 - cleaner) / (1 - signal)) * Math.exp(logRho),
      clean: -Math.sqrt(cleaner) * Math.expm1(logRho - stride),
      noise: eta * Math.sqrt(-(1 - cleaner) * Math.expm1(-2 * stride)),
    };
  });
}

import type { NoiseSchedule } from "../schedule.js";
import type { Rule } from "./rule.js";
import { ruleAlong } from "./transition.js";

/**
 * Ancestral sampling of Ho et al. (2020), equations 6 and 7, with the posterior ("fixed small") variance: the mean and
 * the spread of x' given x and x̂0, with α = ᾱ/ᾱ' over one step of the grid and β = 1 - α:
 *
 *     x' = √α·(1-ᾱ')/(1-ᾱ)·x + √ᾱ'·β/(1-ᾱ)·x̂0 + √(β·(1-ᾱ')/(1-ᾱ))·z
 *
 * The last step adds no noise and has state = 0, clean = 1: the sample is a prediction of the network, never a noisy
 * state.
 *
 * Cost: one evaluation per level of the grid. Use it over all levels, the way policies are trained and scored; on a short
 * grid `ddim` and `dpmSolver` lose less (Song et al. 2021, table 1).
 *
 * @param grid levels to visit, noisiest first, from `levelGrid`; all of them unless told.
 * @throws RangeError unless the grid decreases strictly within the schedule's levels.
 * @example
 * const rule = ddpm(squaredCosine(100)); // rule.steps === 100
 */
export function ddpm(schedule: NoiseSchedule, grid?: Int32Array): Rule {
  return ruleAlong("ddpm", schedule, grid, 1, (chain, i) => {
    const { signal, cleaner, beta, deviation } = chain[i];
    return {
      state: (Math.sqrt(1 - beta) * (1 - cleaner)) / (1 - signal),
      clean: (Math.sqrt(cleaner) * beta) / (1 - signal),
      noise: deviation,
    };
  });
}

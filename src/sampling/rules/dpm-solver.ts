import type { NoiseSchedule } from "../schedule.js";
import type { Rule } from "./rule.js";
import { ruleAlong } from "./transition.js";

export interface DpmSolverOptions {
  /** Levels to visit, noisiest first, from `levelGrid`; all of them unless told. */
  readonly grid?: Int32Array;
  /** 2 also uses the prediction of the step before. */
  readonly order?: 1 | 2;
}

/**
 * DPM-Solver++ of Lu et al. (2022), multistep, midpoint: exponential integration of the diffusion ODE in
 * λ = ½·ln(ᾱ/(1-ᾱ)), with x̂0 taken as constant over a step (order 1: `ddim` at η = 0) or as the straight line
 * through the last two predictions, read at the middle of the step (order 2: 2M, algorithm 2). With h the step in λ and
 * r the step before it over h:
 *
 *     x' = √((1-ᾱ')/(1-ᾱ))·x + √ᾱ'·(1-e^(-h))·((1 + 1/2r)·x̂0 - 1/2r·x̂0[i-1])
 *
 * The first step has no prediction before it and is of order 1; so is the last one, to no noise at all, over which λ
 * grows without end. As in diffusers with `final_sigmas_type="zero"`.
 *
 * Cost: one evaluation per level of the grid, whatever the order. Use it with 10 to 25 levels; once steps are short,
 * twice as many quarter the error of order 2 and halve that of order 1.
 *
 * @throws RangeError on an order other than 1 or 2, or a grid that does not decrease strictly within the schedule's levels.
 * @example
 * const grid = levelGrid(100, { steps: 15, spacing: "trailing" });
 * const rule = dpmSolver(squaredCosine(100), { grid });
 */
export function dpmSolver(schedule: NoiseSchedule, options: DpmSolverOptions = {}): Rule {
  const { grid, order = 2 } = options;
  if (order !== 1 && order !== 2) throw new RangeError(`DPM-Solver++ has order 1 or 2 here, not ${order}`);
  return ruleAlong("dpm-solver", schedule, grid, 1, (chain, i) => {
    const { signal, cleaner, stride } = chain[i];
    const state = Math.sqrt((1 - cleaner) / (1 - signal));
    const clean = -Math.sqrt(cleaner) * Math.expm1(-stride);
    if (order === 1 || i === 0 || i === chain.length - 1) return { state, clean };
    const line = stride / chain[i - 1].stride / 2;
    return { state, clean: clean * (1 + line), previous: -clean * line };
  });
}

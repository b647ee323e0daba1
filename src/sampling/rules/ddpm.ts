import type { NoiseSchedule } from "../schedule.js";
import type { Rule } from "./rule.js";

/**
 * Ancestral sampling of Ho et al. (2020), equations 6 and 7, through all levels of the schedule with the posterior
 * ("fixed small") variance. The last step adds no noise and has state = 0, clean = 1: the sample is a prediction of the
 * network, never a noisy state.
 *
 * @example
 * const rule = ddpm(squaredCosine(100)); // rule.steps === 100
 */
export function ddpm(schedule: NoiseSchedule): Rule {
  const steps = schedule.levels;
  const rule = {
    name: "ddpm",
    steps,
    level: new Int32Array(steps),
    state: new Float64Array(steps),
    clean: new Float64Array(steps),
    previous: new Float64Array(steps),
    noise: new Float64Array(steps),
    signal: new Float64Array(steps),
    deviation: new Float64Array(steps),
  };
  for (let i = 0; i < steps; i++) {
    const t = steps - 1 - i;
    const beta = schedule.beta[t];
    const signal = schedule.signal[t];
    const cleaner = t === 0 ? 1 : schedule.signal[t - 1];
    rule.level[i] = t;
    rule.signal[i] = signal;
    rule.state[i] = (Math.sqrt(1 - beta) * (1 - cleaner)) / (1 - signal);
    rule.clean[i] = (Math.sqrt(cleaner) * beta) / (1 - signal);
    rule.deviation[i] = Math.sqrt((beta * (1 - cleaner)) / (1 - signal));
    rule.noise[i] = rule.deviation[i];
  }
  return rule;
}

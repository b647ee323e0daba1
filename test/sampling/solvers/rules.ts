import fc from "fast-check";
import { GaussianStream } from "../../../src/sampling/noise.js";
import type { Rule } from "../../../src/sampling/rules/rule.js";

/** The deterministic DDIM rule over the levels of another rule, from its definition. */
export function ddim(rule: Rule): Rule {
  const cleaner = (i: number) => (i + 1 < rule.steps ? rule.signal[i + 1] : 1);
  const state = rule.signal.map((signal, i) => Math.sqrt((1 - cleaner(i)) / (1 - signal)));
  return {
    ...rule,
    name: "ddim",
    state,
    clean: rule.signal.map((signal, i) => Math.sqrt(cleaner(i)) - state[i] * Math.sqrt(signal)),
    noise: new Float64Array(rule.steps),
  };
}

/** A rule that also leans on the prediction of the step before, by random weights up to half of `weight`. */
export function multistep(weight: number): (rule: Rule) => Rule {
  return (rule) => {
    const random = new GaussianStream(rule.steps);
    const previous = rule.previous.map((_, i) => (i === 0 ? 0 : weight * (random.uniform() - 0.5)));
    return { ...rule, name: "multistep", previous, clean: rule.clean.map((clean, i) => clean - previous[i]) };
  };
}

/** What makes another rule of DDPM: with noise or without, of one step or of two. */
export const anyRule: fc.Arbitrary<(rule: Rule) => Rule> = fc.constantFrom(
  (rule: Rule) => rule,
  ddim,
  multistep(0.2),
  (rule: Rule) => multistep(0.1)(ddim(rule)),
);

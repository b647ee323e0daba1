import type { ChunkNoise } from "../noise.js";
import type { Rule } from "../rules/rule.js";

/**
 * Rebuilds the states of the whole chain from a clean prediction per step, by the rule's own recurrence and without the
 * network. This is how a warm start becomes consistent with any noise, fresh or carried.
 *
 * @param clean [steps · size]
 * @param states [(steps + 1) · size], filled.
 */
export function rebuildStates(
  rule: Rule,
  noise: ChunkNoise,
  clean: Float64Array,
  size: number,
  states: Float64Array,
): void {
  states.set(noise.initial);
  for (let i = 0; i < rule.steps; i++) takeStep(rule, noise, clean, i, size, states);
}

/**
 * Takes step i of a rule: fills the state after it from the state before it, the clean predictions of step i and, for a
 * multistep rule, of the step before.
 *
 * @param clean [steps · size]
 * @param states [(steps + 1) · size]
 */
export function takeStep(
  rule: Rule,
  noise: ChunkNoise,
  clean: Float64Array,
  i: number,
  size: number,
  states: Float64Array,
): void {
  const { state: a, clean: b, previous: c, noise: s } = rule;
  for (let k = i * size; k < (i + 1) * size; k++) {
    const earlier = c[i] === 0 ? 0 : c[i] * clean[k - size];
    states[k + size] = a[i] * states[k] + b[i] * clean[k] + earlier + s[i] * noise.steps[k];
  }
}

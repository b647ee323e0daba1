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
  for (let i = 0; i < rule.steps; i++) {
    for (let k = i * size; k < (i + 1) * size; k++) {
      states[k + size] =
        rule.state[i] * states[k] + rule.clean[i] * clean[k] + rule.noise[i] * noise.steps[k];
    }
  }
}

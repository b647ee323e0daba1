import type { ChunkNoise } from "../noise.js";
import { addProduct, type Guess, project, type Response } from "../response.js";
import type { Rule } from "../rules/rule.js";
import { takeStep } from "./states.js";

/**
 * Runs the whole chain with the straight-line guess in the place of the network.
 *
 * @param clean [steps · n] filled with the guessed predictions.
 * @param states [(steps + 1) · n] filled.
 */
export function followGuess(
  rule: Rule,
  noise: ChunkNoise,
  { offset, slope }: Guess,
  response: Response,
  clean: Float64Array,
  states: Float64Array,
): void {
  const { rank } = response;
  const n = response.basis.length / rank;
  const coordinates = new Float64Array(rank);
  states.set(noise.initial);
  for (let i = 0; i < rule.steps; i++) {
    const level = rule.level[i];
    project(response, states, i * n, coordinates);
    for (let k = 0; k < n; k++) clean[i * n + k] = offset[level * n + k];
    addProduct(slope, level * n * rank, rank, coordinates, rank, 1, clean, i * n, n);
    takeStep(rule, noise, clean, i, n, states);
  }
}

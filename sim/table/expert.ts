import type { DemonstratedStep, Demonstration } from "../demonstration.js";
import { RandomState } from "../mt19937.js";
import type { Seen } from "../seen.js";
import { type Command, toPolicyAction } from "./action.js";
import type { TableEnv } from "./env.js";

/** Plays one episode by what it observes. */
export interface Expert<Observation> {
  act(observation: Observation): Command;
}

/** A chunk that is planned shortly before success reaches beyond it: demonstrations show how it goes on. */
const STEPS_AFTER_SUCCESS = 12;

/**
 * Lets an expert play one episode; world and expert follow from the seed. Actions are absolute targets, 10 values.
 *
 * @param train gives an expert for one episode.
 */
export function demonstrate<Observation extends Seen>(
  env: TableEnv<Observation>,
  train: (random: RandomState) => Expert<Observation>,
  seed: number,
): Demonstration {
  // The world draws from `seed` itself: another stream for the expert, or its manner would go with the cubes' places.
  const expert = train(new RandomState((seed ^ 0x9e3779b9) >>> 0));
  const steps: DemonstratedStep[] = [];
  let { observation } = env.reset({ seed });
  let isSuccess = false;
  for (let left = env.maxSteps; left > 0; left--) {
    const command = expert.act(observation);
    steps.push({ observation, action: toPolicyAction(command) });
    const result = env.follow(command);
    observation = result.observation;
    if (result.terminated && !isSuccess) left = STEPS_AFTER_SUCCESS + 1;
    isSuccess ||= result.terminated;
  }
  return { seed, isSuccess, steps };
}

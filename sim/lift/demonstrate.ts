import type { DemonstratedStep, Demonstration } from "../demonstration.js";
import { RandomState } from "../mt19937.js";
import { toPolicyAction } from "../table/action.js";
import type { LiftEnv } from "./env.js";
import { LiftExpert } from "./expert.js";

/** A chunk that is planned shortly before success reaches beyond it: demonstrations show how it goes on. */
const STEPS_AFTER_SUCCESS = 12;

/** Lets the expert play one episode; world and expert follow from the seed. Actions are absolute targets, 10 values. */
export function demonstrateLift(env: LiftEnv, seed: number): Demonstration {
  // The world draws from `seed` itself: another stream for the expert, or its manner would go with the cube's place.
  const expert = new LiftExpert(new RandomState((seed ^ 0x9e3779b9) >>> 0));
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

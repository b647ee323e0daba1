import { expect, test } from "vitest";
import type { World } from "../../sim/world.js";
import { openWorlds, WORLDS } from "../../src/cli/worlds.js";

const SEEDS = [3, 4, 3];
const STEPS = 25;

/** One step after the other of an episode: what is seen, the reward, and how far the task is. */
function* episode(world: World, seed: number): Generator<unknown> {
  let { observation } = world.env.reset({ seed });
  for (let step = 0; step < STEPS; step++) {
    const result = world.env.step(world.exercise?.(observation, step) ?? world.hold(observation));
    observation = result.observation;
    const seen = Object.entries(observation).map(([name, values]) => [name, ...Array.from(values)]);
    yield { seen, reward: result.reward, progress: result.info.progress };
  }
}

test.each(WORLDS.split(", "))(
  "an episode of %s is the same whatever was played before, and meanwhile in other worlds",
  async (task) => {
    const worlds = await openWorlds(task, SEEDS.length);
    const running = worlds.map((world, k) => episode(world, SEEDS[k]));
    const together: unknown[][] = SEEDS.map(() => []);
    for (let step = 0; step < STEPS; step++) {
      for (const [k, steps] of running.entries()) together[k].push(steps.next().value);
    }
    const [first, other, again] = together;
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect([...episode(worlds[1], SEEDS[0])]).toEqual(first);
    for (const world of worlds) world.close?.();
  },
);

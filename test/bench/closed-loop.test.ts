import { beforeAll, describe, expect, test } from "vitest";
import { playablePushT } from "../../sim/pusht/playable.js";
import type { World } from "../../sim/world.js";
import { playClosedLoop } from "../../src/bench/closed-loop.js";
import { wantedRuntimeSchema } from "../../src/inference/runtime.js";
import { type Bundle, loadBundle } from "../../src/policy/bundle.js";
import { SHIPPED } from "../policy/bundles.js";

const runtime = wantedRuntimeSchema.parse({ threads: 1, spin: false });
/** A solver that is fast everywhere. */
const solver = { name: "sequential", rule: { name: "ddim", steps: 4 } } as const;

let bundle: Bundle;
beforeAll(async () => {
  bundle = await loadBundle(SHIPPED);
});

/** PushT whose episodes end after a number of steps that follows from the seed. */
function shortened(before: (step: number) => void = () => {}): World {
  const world = playablePushT();
  const { env } = world;
  let length = 0;
  let step = 0;
  const short = {
    maxSteps: env.maxSteps,
    reset({ seed }: { readonly seed: number }) {
      length = 9 + 7 * (seed % 4);
      step = 0;
      return env.reset({ seed });
    },
    step(action: ArrayLike<number>) {
      before(step);
      step += 1;
      const result = env.step(action);
      return { ...result, truncated: result.truncated || step === length };
    },
  };
  return { ...world, env: short };
}

const play = (worlds: readonly World[], episodes: number, changes = {}) =>
  playClosedLoop(worlds, bundle, { solver, runtime, episodes, seed: 3, ...changes }, () => {});

describe("worlds played at the same time", () => {
  test("get the episodes that one world gets alone, in their order, whatever their lengths", async () => {
    const alone = await play([shortened()], 7);
    const together = await play([shortened(), shortened(), shortened()], 7);
    expect(together.records.map(({ seed }) => seed)).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect(new Set(together.records.map(({ actions }) => actions.length)).size).toBeGreaterThan(1);
    for (const [k, { actions, score, ticks, rungs, silentSteps }] of together.records.entries()) {
      const other = alone.records[k];
      expect(actions.length).toBe(other.actions.length);
      for (const [step, action] of actions.entries()) {
        for (const [d, value] of action.entries()) expect(value).toBeCloseTo(other.actions[step][d], 2);
      }
      expect(score).toBeCloseTo(other.score, 3);
      expect(ticks.map(({ sweeps }) => sweeps)).toEqual(other.ticks.map(({ sweeps }) => sweeps));
      expect({ rungs, silentSteps }).toEqual({ rungs: other.rungs, silentSteps: 0 });
    }
    expect(together.wallMs).toBeGreaterThan(0);
  });

  test("play alike from run to run, to the last bit", async () => {
    const runs = [];
    for (let run = 0; run < 2; run++) {
      const { records } = await play([shortened(), shortened(), shortened()], 5);
      runs.push(records.map(({ actions, progress }) => ({ actions, progress })));
    }
    expect(runs[1]).toEqual(runs[0]);
  });

  test("may be more than a node serves of robots otherwise", async () => {
    const worlds = Array.from({ length: 18 }, () => shortened());
    const { records } = await play(worlds, 18);
    expect(records).toHaveLength(18);
    expect(records.every(({ silentSteps, heldSteps }) => silentSteps + heldSteps === 0)).toBe(true);
  });

  test("can overlap their chunks", async () => {
    const { records } = await play([shortened(), shortened()], 4, { plan: { overlap: "freeze", ahead: 2 } });
    expect(records.map(({ actions }) => actions.length)).toEqual([30, 9, 16, 23]);
  });

  test("all end when one of them fails, and why is told", async () => {
    const broken = shortened((step) => {
      if (step === 10) throw new Error("the motor is gone");
    });
    await expect(play([shortened(), broken, shortened()], 30)).rejects.toThrow("the motor is gone");
  });

  test("cannot keep a solve budget", async () => {
    await expect(play([shortened(), shortened()], 2, { budgets: { solve: 50 } })).rejects.toThrow(
      "a solve budget is for one chunk, and those of 2 worlds are solved together: play one world at a time, or without",
    );
  });
});

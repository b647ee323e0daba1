import { describe, expect, it } from "vitest";
import { PushTEnv } from "../../../sim/pusht/env.js";
import { difference, readDemos, readReference } from "./reference.js";

const demos = readDemos();

describe("PushT against gym-pusht on pymunk 6.11", () => {
  it.each(readReference())("repeats a recorded '$kind' episode to 1e-9 px", (episode) => {
    const env = new PushTEnv();
    env.reset(episode.reset);
    let worst = 0;
    for (const [t, action] of episode.actions.entries()) {
      const { observation, info } = env.step(action);
      worst = Math.max(worst, difference(observation.state, episode.states[t]));
      expect(info.nContacts, `contact points of step ${t}`).toBe(episode.contacts[t]);
      expect(info.coverage).toBeCloseTo(episode.coverage[t], 11);
    }
    expect(worst).toBeLessThan(1e-9);
  });
});

describe.skipIf(demos === undefined)("PushT against the 206 human demonstrations", () => {
  const env = new PushTEnv();

  it("starts every one from its seed", () => {
    for (const [seed, demo] of demos?.entries() ?? []) {
      const { observation } = env.reset({ seed });
      expect(difference(observation.state, demo[0].state), `seed ${seed}`).toBeLessThan(5e-5);
    }
  });

  it("replays every one of the 25,650 recorded states within float32's 5e-5 px, and their mean final coverage", () => {
    let states = 0;
    let finalCoverage = 0;
    for (const [seed, demo] of demos?.entries() ?? []) {
      let coverage = env.reset({ seed }).info.coverage;
      for (const [t, { state, action }] of demo.entries()) {
        // Not an expect per state: 25,650 of them take seconds.
        const error = difference(env.state(), state);
        if (!(error < 5e-5)) expect.fail(`demonstration ${seed}, step ${t}: off by ${error}`);
        coverage = env.step(action).info.coverage;
        states++;
      }
      finalCoverage += coverage / 206;
    }
    expect(states).toBe(25_650);
    expect(finalCoverage).toBeCloseTo(0.8994554, 7);
  });
});

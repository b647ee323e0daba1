import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PushTEnv } from "../../../sim/pusht/env.js";
import { observe, wrapAngle } from "../../../sim/pusht/observation.js";
import { difference, resetState } from "./reference.js";

const MIDDLE = [50, 50, 256, 256, 0];

describe("PushTEnv.reset", () => {
  it("turns the block about its centre of gravity after putting it down", () => {
    const { observation } = new PushTEnv().reset({ state: [0, 10, 20, 30, 1] });
    expect(difference(observation.state, [0, 10, 57.8662, 50.6864, 1])).toBeLessThan(5e-5);
  });

  it("forgets the previous episode", () => {
    const used = new PushTEnv();
    used.reset({ seed: 3 });
    for (let t = 0; t < 50; t++) used.step([256 + 5 * t, 256]);
    const fresh = new PushTEnv();
    used.reset({ seed: 4 });
    fresh.reset({ seed: 4 });
    for (let t = 0; t < 50; t++) expect(used.step([t * 9, 256])).toEqual(fresh.step([t * 9, 256]));
  });

  it.each([-1, 0.5, Number.NaN])("refuses seed %s", (seed) => {
    expect(() => new PushTEnv().reset({ seed })).toThrow(`got ${seed}`);
  });

  it.each([[[1, 2, 3, 4]], [[1, 2, 3, 4, Number.POSITIVE_INFINITY]]])("refuses state %s", (state) => {
    expect(() => new PushTEnv().reset({ state })).toThrow("state must be 5 finite numbers, got [1, 2, 3, 4");
  });

  it("leaves the running episode alone when it refuses", () => {
    const env = new PushTEnv();
    env.reset({ seed: 0 });
    const before = env.state();
    expect(() => env.reset({ seed: -1 })).toThrow();
    expect(env.state()).toEqual(before);
  });
});

describe("PushTEnv.step", () => {
  it("asks for a reset first", () => {
    const env = new PushTEnv();
    expect(() => env.step([0, 0])).toThrow("call reset");
    expect(() => env.state()).toThrow("call reset");
  });

  it.each([[[1]], [[1, 2, 3]], [[Number.NaN, 2]], [[1, Number.NEGATIVE_INFINITY]]])(
    "refuses action %s and says what it got",
    (action) => {
      const env = new PushTEnv();
      env.reset({ seed: 0 });
      expect(() => env.step(action)).toThrow(
        `action must be 2 finite numbers, got [${action.map(String).join(", ")}]`,
      );
    },
  );

  it("truncates at maxSteps, 300 unless told", () => {
    const count = (env: PushTEnv): number => {
      env.reset({ state: MIDDLE });
      let steps = 1;
      while (!env.step([50, 50]).truncated) steps++;
      return steps;
    };
    expect(count(new PushTEnv())).toBe(300);
    expect(count(new PushTEnv({ maxSteps: 7 }))).toBe(7);
    expect(() => new PushTEnv({ maxSteps: 0 })).toThrow("got 0");
  });

  it("terminates with reward 1 when coverage exceeds 0.95, and not before", () => {
    const env = new PushTEnv();
    env.reset({ state: resetState(50, 50, 256, 256, Math.PI / 4) });
    const solved = env.step([50, 50]);
    expect(solved).toMatchObject({ terminated: true, truncated: false, reward: 1 });
    expect(solved.info.coverage).toBeCloseTo(1, 12);
    env.reset({ state: resetState(50, 50, 256, 266, Math.PI / 4) });
    const near = env.step([50, 50]);
    expect(near.terminated).toBe(false);
    expect(near.reward).toBeCloseTo(near.info.coverage / 0.95, 15);
  });

  it("hands out arrays that later steps do not change", () => {
    const env = new PushTEnv();
    const { observation } = env.reset({ state: MIDDLE });
    const copy = structuredClone(observation);
    env.step([256, 256]);
    env.step([256, 256]);
    expect(observation).toEqual(copy);
    expect(observation.keypoints).toHaveLength(18);
    expect(observation.agent_position).toHaveLength(2);
    expect(observation.state).toHaveLength(5);
  });

  it("lets the agent through walls and pushes the block out of them, up to the solver's slop", () => {
    const env = new PushTEnv();
    env.reset({ state: [50, 256, 256, 390, 0] });
    for (let t = 0; t < 30; t++) env.step([-100, 256]);
    const [agentX, , , blockY] = env.state();
    expect(agentX).toBeCloseTo(-100, 3);
    expect(blockY + 120).toBeCloseTo(504.1, 2);
  });
});

describe("PushT's symmetry", () => {
  it("plays the mirror image of a mirrored episode, away from the walls", () => {
    const start = fc.record({
      x: fc.double({ min: 200, max: 312, noNaN: true }),
      y: fc.double({ min: 180, max: 250, noNaN: true }),
      angle: fc.double({ min: 0, max: 2 * Math.PI, noNaN: true }),
      agent: fc.tuple(
        fc.double({ min: 150, max: 362, noNaN: true }),
        fc.double({ min: 150, max: 362, noNaN: true }),
      ),
    });
    const push = fc.tuple(
      fc.double({ min: 230, max: 282, noNaN: true }),
      fc.double({ min: 200, max: 300, noNaN: true }),
    );
    fc.assert(
      fc.property(start, fc.array(push, { minLength: 1, maxLength: 6 }), ({ x, y, angle, agent }, pushes) => {
        const env = new PushTEnv();
        const mirror = new PushTEnv();
        env.reset({ state: [...agent, x, y, angle] });
        mirror.reset({ state: [512 - agent[0], agent[1], 512 - x, y, -angle] });
        for (const [targetX, targetY] of pushes) {
          const [ax, ay, bx, by, turn] = env.step([targetX, targetY]).observation.state;
          const seen = mirror.step([512 - targetX, targetY]).observation.state;
          expect(difference(seen, [512 - ax, ay, 512 - bx, by, wrapAngle(-turn)])).toBeLessThan(1e-6);
        }
      }),
      { numRuns: 200, seed: 20260 },
    );
  });
});

describe("observe", () => {
  it("carries the keypoints with the block", () => {
    const { keypoints } = observe([1, 2, 100, 200, Math.PI / 2]);
    expect(keypoints[0]).toBeCloseTo(100 - 90.041, 12);
    expect(keypoints[1]).toBeCloseTo(200 + 9.2698, 12);
    expect(keypoints[16]).toBeCloseTo(100 + 1.7003, 12);
    expect(keypoints[17]).toBeCloseTo(200 + 23.5415, 12);
  });
});

describe("wrapAngle", () => {
  it("always lands in [0, 2π) on the same direction", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e3, max: 1e3, noNaN: true }), (angle) => {
        const wrapped = wrapAngle(angle);
        expect(wrapped).toBeGreaterThanOrEqual(0);
        expect(wrapped).toBeLessThan(2 * Math.PI);
        expect(Math.cos(wrapped)).toBeCloseTo(Math.cos(angle), 9);
        expect(Math.sin(wrapped)).toBeCloseTo(Math.sin(angle), 9);
      }),
    );
    expect(wrapAngle(-1e-300)).toBe(0);
  });
});

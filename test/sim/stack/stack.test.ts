import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RandomState } from "../../../sim/mt19937.js";
import { StackExpert } from "../../../sim/stack/expert.js";
import { type StackObservation, stack } from "../../../sim/stack/task.js";
import { TableEnv } from "../../../sim/table/env.js";
import { demonstrate } from "../../../sim/table/expert.js";

let env: TableEnv<StackObservation>;
beforeAll(async () => {
  env = await TableEnv.open(stack);
});
afterAll(() => env.close());

/** Puts a cube somewhere, unturned, while an episode runs. */
function put(name: string, position: readonly number[]): void {
  const { simulation } = env.table;
  simulation.state("qpos").set([...position, 1, 0, 0, 0], simulation.joint(name).position);
}

/** Hand well above the table, fingers open. */
const AWAY = [-0.1, 0, 1, Math.PI, 0, 0, -1];

describe("Stack", () => {
  it("shows 32 values by robomimic's names, with consistent ways between hand and cubes", () => {
    const { observation } = env.reset({ seed: 0 });
    const sizes = Object.values(observation).map(({ length }) => length);
    expect(sizes).toEqual([3, 4, 3, 4, 3, 3, 3, 3, 4, 2]);
    observation.gripper_to_cubeB.forEach((value, d) => {
      expect(value).toBeCloseTo(observation.gripper_to_cubeA[d] + observation.cubeA_to_cubeB[d], 12);
    });
  });

  it("starts with the cubes apart and at rest", () => {
    for (let seed = 0; seed < 50; seed++) {
      const { cubeA_to_cubeB, cubeA_pos, cubeB_pos } = env.reset({ seed }).observation;
      expect(Math.hypot(cubeA_to_cubeB[0], cubeA_to_cubeB[1])).toBeGreaterThan(0.1);
      expect(cubeA_pos[2]).toBeCloseTo(0.82, 12);
      expect(cubeB_pos[2]).toBeCloseTo(0.825, 12);
    }
  });

  it("is done when the red cube lies on the green one and the fingers are open, and not before", () => {
    env.reset({ seed: 0 });
    put("cubeB", [0, 0.1, 0.825]);
    put("cubeA", [0, 0.1, 0.87]);
    let result = env.step([...AWAY.slice(0, 6), 1]);
    for (let k = 0; k < 10; k++) result = env.step([...AWAY.slice(0, 6), 1]);
    expect(result).toMatchObject({ terminated: false, reward: 0 });
    expect(result.info.progress).toBeCloseTo(0.75, 2);
    for (let k = 0; k < 10; k++) result = env.step(AWAY);
    expect(result).toMatchObject({ terminated: true, reward: 1, info: { progress: 1 } });
  });

  it("is not done when it lies beside it, or hangs over it", () => {
    env.reset({ seed: 0 });
    for (const height of [0.82, 0.95]) {
      put("cubeB", [0, 0.1, 0.825]);
      put("cubeA", [0, height === 0.82 ? 0.05 : 0.1, height]);
      expect(env.step(AWAY)).toMatchObject({ terminated: false, reward: 0 });
    }
  });

  it("is solved by the expert", () => {
    // `parapilot demonstrate stack --episodes 200` plays more of them.
    const played = [700, 701, 702].map((seed) => demonstrate(env, (random) => new StackExpert(random), seed));
    expect(played.map(({ isSuccess }) => isSuccess)).toEqual([true, true, true]);
  });

  it("is tried again by the expert when the cube falls from its fingers on the way", () => {
    const expert = new StackExpert(new RandomState(5));
    let { observation } = env.reset({ seed: 5 });
    let isDropped = false;
    let isStacked = false;
    for (let k = 0; k < env.maxSteps && !isStacked; k++) {
      if (observation.cubeA_pos[2] > 0.88 && !isDropped) {
        const [x, y] = observation.cubeB_pos;
        put("cubeA", [x > 0 ? x - 0.12 : x + 0.12, y, 0.82]);
        isDropped = true;
      }
      ({ observation, terminated: isStacked } = env.follow(expert.act(observation)));
    }
    expect(isDropped).toBe(true);
    expect(isStacked).toBe(true);
  });
});

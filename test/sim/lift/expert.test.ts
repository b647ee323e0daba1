import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Demonstration, toCsv } from "../../../sim/demonstration.js";
import { LiftExpert } from "../../../sim/lift/expert.js";
import { playableLift } from "../../../sim/lift/playable.js";
import { lift } from "../../../sim/lift/task.js";
import { RandomState } from "../../../sim/mt19937.js";
import { TableEnv } from "../../../sim/table/env.js";

/** `parapilot demonstrate lift --episodes 200` plays them all. */
const EPISODES = 6;

let world: Awaited<ReturnType<typeof playableLift>>;
let demonstrations: Demonstration[];
beforeAll(async () => {
  world = await playableLift();
  demonstrations = Array.from({ length: EPISODES }, (_, k) => world.demonstrate(500 + k));
});
afterAll(() => world.close());

describe("the expert", () => {
  it("lifts the cube", () => {
    expect(demonstrations.filter(({ isSuccess }) => !isSuccess)).toEqual([]);
  });

  it("does so differently every time", () => {
    expect(new Set(demonstrations.map(({ steps }) => steps.length)).size).toBeGreaterThan(EPISODES / 3);
    const firstTargets = demonstrations.map(({ steps }) => steps[8].action.slice(0, 3).join());
    expect(new Set(firstTargets).size).toBe(EPISODES);
  });

  it("is repeated by its recorded actions", () => {
    const { seed, steps } = demonstrations[0];
    world.env.reset({ seed });
    const ended = steps.map(({ action }) => world.env.step(action).terminated);
    expect(ended.filter(Boolean)).not.toEqual([]);
  });

  it("tries again when the cube is taken from between its fingers", async () => {
    const env = await TableEnv.open(lift);
    const expert = new LiftExpert(new RandomState(1));
    let { observation } = env.reset({ seed: 1 });
    let isTaken = false;
    let isLifted = false;
    for (let k = 0; k < env.maxSteps && !isLifted; k++) {
      const command = expert.act(observation);
      if (command.grip > 0 && !isTaken) {
        const [x, , z] = observation.cube_pos;
        env.table.simulation
          .state("qpos")
          .set([x, -0.05, z, 1, 0, 0, 0], env.table.simulation.joint("cube").position);
        isTaken = true;
      }
      ({ observation, terminated: isLifted } = env.follow(command));
    }
    expect(isTaken).toBe(true);
    expect(isLifted).toBe(true);
    env.close();
  });
});

describe("a recording", () => {
  it("has a row per control step: episode, step, 19 observed values, 10 of the action", () => {
    const [names, ...rows] = gunzipSync(toCsv(demonstrations)).toString().trim().split("\n");
    const columns = names.split(",");
    expect(columns.slice(0, 3)).toEqual(["episode", "step", "cube_pos[0]"]);
    expect(columns.slice(20, 22)).toEqual(["robot0_gripper_qpos[1]", "action[0]"]);
    expect(columns).toHaveLength(31);
    expect(rows).toHaveLength(demonstrations.reduce((sum, { steps }) => sum + steps.length, 0));
    const { seed, steps } = demonstrations[1];
    const first = rows[demonstrations[0].steps.length].split(",").map(Number);
    expect(first.slice(0, 2)).toEqual([seed, 0]);
    steps[0].action.forEach((value, k) => {
      expect(first[21 + k]).toBeCloseTo(value, 8);
    });
  });

  it("is refused when there is nothing in it", () => {
    expect(() => toCsv([])).toThrow("no demonstrations");
  });
});

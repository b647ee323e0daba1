import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CUBE_HALF_SIDE, type LiftObservation, lift } from "../../../sim/lift/task.js";
import { axisAngleToQuaternion } from "../../../sim/rotation/axis-angle.js";
import { TableEnv } from "../../../sim/table/env.js";

let env: TableEnv<LiftObservation>;
beforeAll(async () => {
  env = await TableEnv.open(lift);
});
afterAll(() => env.close());

const ABOVE = [0, 0, 0.95, Math.PI, 0, 0, -1];

function values(observation: LiftObservation): number[] {
  return Object.values(observation).flatMap((part) => Array.from(part));
}

describe("a reset", () => {
  it("shows 19 values by robomimic's names and in its order", () => {
    const { observation } = env.reset({ seed: 0 });
    expect(Object.entries(observation).map(([name, { length }]) => [name, length])).toEqual([
      ["cube_pos", 3],
      ["cube_quat", 4],
      ["gripper_to_cube_pos", 3],
      ["robot0_eef_pos", 3],
      ["robot0_eef_quat", 4],
      ["robot0_gripper_qpos", 2],
    ]);
    const { cube_pos, gripper_to_cube_pos, robot0_eef_pos } = observation;
    gripper_to_cube_pos.forEach((value, d) => {
      expect(value).toBe(robot0_eef_pos[d] - cube_pos[d]);
    });
    expect([...observation.robot0_gripper_qpos]).toEqual([0.04, -0.04]);
  });

  it("puts the cube at rest in a square of 6 cm, turned any way, and the hand near home", () => {
    const starts = Array.from({ length: 100 }, (_, seed) => env.reset({ seed }).observation);
    for (const { cube_pos, robot0_eef_pos, robot0_eef_quat, cube_quat } of starts) {
      expect(Math.max(Math.abs(cube_pos[0]), Math.abs(cube_pos[1]))).toBeLessThanOrEqual(0.03);
      expect(cube_pos[2]).toBeCloseTo(0.8 + CUBE_HALF_SIDE, 12);
      expect(Math.hypot(robot0_eef_pos[0] + 0.1, robot0_eef_pos[1], robot0_eef_pos[2] - 1.02)).toBeLessThan(
        0.12,
      );
      expect(robot0_eef_quat[0]).toBeGreaterThan(0.98);
      expect(cube_quat[3]).toBeGreaterThanOrEqual(0);
    }
    const yaws = starts.map(({ cube_quat }) => 2 * Math.atan2(cube_quat[2], cube_quat[3]));
    for (const quarter of [-2, -1, 0, 1]) {
      const inside = yaws.filter(
        (yaw) => yaw >= (quarter * Math.PI) / 2 && yaw < ((quarter + 1) * Math.PI) / 2,
      );
      expect(inside.length).toBeGreaterThan(10);
    }
  });

  it("is the same for the same seed, and so is all that follows", () => {
    const play = () => {
      const seen = [values(env.reset({ seed: 7 }).observation)];
      for (let k = 0; k < 30; k++) {
        const action = [0.02 * Math.sin(k), 0.01, 0.85 - 0.001 * k, Math.PI, 0, 0.1, Math.sin(k)];
        seen.push(values(env.step(action).observation));
      }
      return seen;
    };
    const first = play();
    env.reset({ seed: 8 });
    env.step(ABOVE);
    expect(play()).toEqual(first);
  });

  it("refuses a bad seed", () => {
    expect(() => env.reset({ seed: -1 })).toThrow("seed must be an integer");
  });
});

describe("a step", () => {
  it("brings the hand to an absolute target", () => {
    env.reset({ seed: 1 });
    const turn = [3, 0.2, 0.4];
    let { observation } = env.step([0, 0.05, 0.95, ...turn, -1]);
    for (let k = 0; k < 30; k++) ({ observation } = env.step([0, 0.05, 0.95, ...turn, -1]));
    [0, 0.05, 0.95].forEach((at, d) => {
      expect(observation.robot0_eef_pos[d]).toBeCloseTo(at, 3);
    });
    const wanted = axisAngleToQuaternion([3, 0.2, 0.4]);
    const dot = wanted.reduce((sum, value, k) => sum + value * observation.robot0_eef_quat[k], 0);
    expect(Math.abs(dot)).toBeCloseTo(1, 4);
  });

  it("moves by deltas from where the hand is: 5 cm and 0.5 rad at most", async () => {
    const delta = await TableEnv.open(lift, { control: "delta" });
    const { observation: before } = delta.reset({ seed: 1 });
    const { observation } = delta.step([0, 0.4, -9, 0, 0, 0, -1]);
    const moved = Array.from(observation.robot0_eef_pos, (at, d) => at - before.robot0_eef_pos[d]);
    // Within one step an arm that was at rest comes about half of the way.
    expect(moved[0]).toBeCloseTo(0, 2);
    expect(moved[1]).toBeGreaterThan(0.2 * 0.02);
    expect(moved[1]).toBeLessThan(0.02);
    expect(moved[2]).toBeLessThan(0.2 * -0.05);
    expect(moved[2]).toBeGreaterThan(-0.05);
    delta.close();
  });

  it("goes on with the sign of its quaternions while the hand turns all the way", () => {
    let { observation } = env.reset({ seed: 2 });
    let before = observation.robot0_eef_quat;
    for (let k = 0; k < 60; k++) {
      const yaw = -2.5 + (5 * k) / 60;
      // Half a turn about x, then the yaw: an axis in the plane, at half the yaw.
      const action = [-0.05, 0, 0.95, Math.PI * Math.cos(yaw / 2), Math.PI * Math.sin(yaw / 2), 0, -1];
      ({ observation } = env.step(action));
      const dot = before.reduce((sum, value, d) => sum + value * observation.robot0_eef_quat[d], 0);
      expect(dot).toBeGreaterThan(0.8);
      before = observation.robot0_eef_quat;
    }
  });

  it("ends an episode after 400 steps, or as many as it is told", async () => {
    const short = await TableEnv.open(lift, { maxSteps: 2 });
    short.reset({ seed: 0 });
    expect(short.step(ABOVE)).toMatchObject({ truncated: false, terminated: false, reward: 0 });
    expect(short.step(ABOVE)).toMatchObject({ truncated: true, terminated: false, info: { progress: 0 } });
    short.close();
    await expect(TableEnv.open(lift, { maxSteps: 0 })).rejects.toThrow("maxSteps must be a positive integer");
  });

  it("keeps no memory of worlds that are closed, or that could not be opened", async () => {
    const before = process.memoryUsage().external;
    for (let k = 0; k < 20; k++) {
      await expect(TableEnv.open(lift, { maxSteps: 0.5 })).rejects.toThrow();
      const world = await TableEnv.open(lift);
      world.reset({ seed: k });
      world.step(ABOVE);
      world.close();
    }
    // A world is 17 MB.
    expect(process.memoryUsage().external - before).toBeLessThan(100e6);
  });

  it("ends an episode whose physics runs away, and the next one knows nothing of it", () => {
    const play = () => {
      env.reset({ seed: 5 });
      return Array.from({ length: 5 }, () => values(env.step(ABOVE).observation));
    };
    const before = play();
    const { simulation } = env.table;
    simulation.state("qvel")[simulation.joint("cube").velocity] = Number.NaN;
    expect(() => env.step(ABOVE)).toThrow('has diverged at 0.252 s: a position of joint "cube" is NaN');
    expect(() => env.step(ABOVE)).toThrow("call reset({ seed }) first");
    expect(play()).toEqual(before);
  });

  it("refuses a command that is not finite, and the arm goes on with the next", () => {
    env.reset({ seed: 5 });
    const target = { position: [0, 0, 0.95], orientation: [1, 0, 0, 0] } as const;
    expect(() => env.follow({ target: { ...target, position: [0, Number.NaN, 1] }, grip: 0 })).toThrow(
      "a target must be finite numbers, got [0, NaN, 1, 1, 0, 0, 0, 0]",
    );
    expect(() => env.follow({ target, grip: Number.NaN })).toThrow("finite numbers");
    expect(values(env.follow({ target, grip: -1 }).observation).every(Number.isFinite)).toBe(true);
  });

  it("refuses malformed actions, and any before a reset", async () => {
    env.reset({ seed: 0 });
    expect(() => env.step([0, 0, 1])).toThrow("action must be 7 finite numbers, got [0, 0, 1]");
    expect(() => env.step([0, 0, Number.NaN, 0, 0, 0, 0])).toThrow("7 finite numbers");
    const fresh = await TableEnv.open(lift);
    expect(() => fresh.step(ABOVE)).toThrow("call reset({ seed }) first");
    fresh.close();
  });
});

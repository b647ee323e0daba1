import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PushTEnv } from "../../../sim/pusht/env.js";
import { Follower } from "../../../sim/ros/follower.js";
import { Trajectory, type Waypoint } from "../../../sim/ros/trajectory.js";
import { PERIOD, play, point, START } from "./player.js";

const value = fc.double({ min: -2, max: 2, noNaN: true }).map((v) => v + 0);
/** Coefficients of c₀ + c₁t + c₂t² + c₃t³, t in seconds. */
const cubic = fc.tuple(value, value, value, value);
const gaps = fc.array(fc.integer({ min: 20, max: 400 }), { minLength: 2, maxLength: 6 });

const heightOf = ([a, b, c, d]: readonly number[], t: number) => a + t * (b + t * (c + t * d));
const slopeOf = ([, b, c, d]: readonly number[], t: number) => b + t * (2 * c + t * 3 * d);

/** Waypoints of known curves, one per joint. */
function through(
  curves: readonly (readonly number[])[],
  times: readonly number[],
  hasVelocities: boolean,
): Waypoint[] {
  return times.map((at) => ({
    at,
    positions: curves.map((curve) => heightOf(curve, at / 1000)),
    velocities: hasVelocities ? curves.map((curve) => slopeOf(curve, at / 1000)) : undefined,
  }));
}

describe("Trajectory", () => {
  const moments = (steps: readonly number[]) =>
    steps.map((_, k) => steps.slice(0, k + 1).reduce((a, b) => a + b));

  it("is the cubic on which points with velocities lie, position and velocity, at every moment", () => {
    fc.assert(
      fc.property(cubic, cubic, gaps, fc.double({ min: 0, max: 1, noNaN: true }), (x, y, steps, share) => {
        const times = moments(steps);
        const [before, ...points] = through([x, y], times, true);
        const at = times[0] + share * (times[times.length - 1] - times[0]) * 0.999;
        const { positions, velocities, isOver } = new Trajectory(before, points).sample(at);
        expect(isOver).toBe(false);
        [x, y].forEach((curve, joint) => {
          expect(positions[joint]).toBeCloseTo(heightOf(curve, at / 1000), 6);
          expect(velocities[joint]).toBeCloseTo(slopeOf(curve, at / 1000), 5);
        });
      }),
    );
  });

  it("is straight between points without velocities", () => {
    fc.assert(
      fc.property(value, value, gaps, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, steps, share) => {
        const times = moments(steps);
        const [before, ...points] = through([[a, b, 0, 0]], times, false);
        const at = times[0] + share * (times[times.length - 1] - times[0]) * 0.999;
        const { positions, velocities } = new Trajectory(before, points).sample(at);
        expect(positions[0]).toBeCloseTo(a + (b * at) / 1000, 9);
        expect(velocities[0]).toBeCloseTo(b, 6);
      }),
    );
  });

  it("goes exactly through its points, and holds the last", () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        (positions, hasVelocities) => {
          const points = positions.map((p, k) => ({
            at: 1000 + 100 * k,
            positions: [p],
            velocities: hasVelocities ? [1 - p] : undefined,
          }));
          const trajectory = new Trajectory({ at: 950, positions: [0], velocities: [0] }, points);
          for (const { at, positions } of points) expect(trajectory.sample(at).positions).toEqual(positions);
          const after = trajectory.sample(points[points.length - 1].at + 1e6);
          expect(after).toEqual({
            positions: [positions[positions.length - 1]],
            velocities: [0],
            isOver: true,
          });
        },
      ),
    );
  });
});

describe("Follower", () => {
  it("goes over to a new trajectory from where the one before has brought it, at its velocity", () => {
    const follower = new Follower([0]);
    follower.follow([{ at: 1000, positions: [1], velocities: [0] }], 0);
    const { positions, velocities } = follower.at(400);
    expect(velocities[0]).toBeGreaterThan(1);
    follower.follow([{ at: 900, positions: [0], velocities: [0] }], 400);
    expect(follower.at(400).positions).toEqual(positions);
    expect(follower.at(401).positions[0]).toBeCloseTo(positions[0] + velocities[0] * 0.001, 4);
    expect(follower.at(900)).toEqual({ positions: [0], velocities: [0], isOver: true });
  });

  it("drops the rest of a trajectory for a position", () => {
    const follower = new Follower([0]);
    follower.follow([{ at: 1000, positions: [1], velocities: undefined }], 0);
    follower.aim([0.3]);
    expect(follower.at(700)).toEqual({ positions: [0.3], velocities: [0], isOver: true });
  });
});

describe("PushT driven by joint_trajectory", () => {
  it("is sent, at the end of a control period, to where the trajectory is then", async () => {
    const { world, seen, begin, pass, send } = play();
    await begin();
    const { stamp } = seen.joints[0].header;
    // The joints in another order than the robot's.
    send({
      header: { stamp, frame_id: "" },
      joint_names: ["gantry_y", "gantry_x"],
      points: [point(0, [0.3, 0.2], [0, 0]), point(250, [0.4, 0.1], [0.1, -0.2])],
    });
    await pass(4 * PERIOD, PERIOD);
    world.close();
    const [{ actions, silentSteps, heldSteps }] = await world.done;
    const at = (s: number, from: number, to: number, endSpeed: number) =>
      from + (3 * s * s - 2 * s ** 3) * (to - from) + (s ** 3 - s * s) * 0.25 * endSpeed;
    const expected = [0.4, 0.8].map((s) => [1000 * at(s, 0.2, 0.1, -0.2), 1000 * at(s, 0.3, 0.4, 0.1)]);
    expect(actions.length).toBe(4);
    [...expected, [100, 400], [100, 400]].forEach(([x, y], k) => {
      expect(actions[k][0]).toBeCloseTo(x, 6);
      expect(actions[k][1]).toBeCloseTo(y, 6);
    });
    // A period in which the plan goes on is silent, but nothing is held in it until the plan is over.
    expect({ silentSteps, heldSteps }).toEqual({ silentSteps: 3, heldSteps: 2 });
  });

  it("begins at once without a stamp, from where the robot stands", async () => {
    const { world, seen, begin, pass, send } = play();
    await begin();
    const [x, y] = seen.joints[0].position;
    send({ points: [point(150, [x + 0.1, y])] });
    await pass(3 * PERIOD);
    world.close();
    const [{ actions }] = await world.done;
    expect(actions[0][0]).toBeCloseTo(1000 * (x + 0.1 / 3), 6);
    expect(actions[1][0]).toBeCloseTo(1000 * (x + 0.1), 6);
    expect(actions[2][0]).toBeCloseTo(1000 * (x + 0.1), 6);
    const env = new PushTEnv();
    env.reset({ seed: 7 });
    for (const action of actions) env.step(action);
    expect(seen.joints[3].position).toEqual(Array.from(env.state().slice(0, 2), (value) => value / 1000));
  });

  it.each([
    [{ points: [] }, /has no points/],
    [{ points: [point(100, [0.1])] }, /point 0 of joint_trajectory has 1 positions/],
    [{ points: [point(100, [0.1, 0.1], [Number.NaN, 0])] }, /velocities \[NaN, 0\]; all must be finite/],
    [{ points: [point(100, [0.1, Number.NaN])] }, /positions \[0\.1, NaN\]/],
    [
      { points: [point(100, [0.1, 0.1]), point(100, [0.2, 0.2])] },
      /point 1 .* not later than the one before/,
    ],
    [
      {
        header: { stamp: { sec: START / 1000 + 1, nanosec: 0 }, frame_id: "" },
        points: [point(0, [0.1, 0.1]), point(300, [0.2, 0.2])],
      },
      /ended 700 ms ago.*use_sim_time/,
    ],
  ])("refuses what it cannot follow: %j", async (message, reason) => {
    const { seen, begin, pass, send, warnings } = play();
    await begin();
    const { position } = seen.joints[0];
    await pass(1950);
    send(message);
    await pass(2 * PERIOD, PERIOD);
    expect(warnings()).toEqual([expect.stringMatching(reason)]);
    expect(seen.joints[seen.joints.length - 1].position).toEqual(position);
  });
});

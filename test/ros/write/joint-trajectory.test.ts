import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stampToMs } from "../../../src/ros/stamp.js";
import { jointTrajectoryWriter } from "../../../src/ros/write/joint-trajectory.js";
import type { Command } from "../../../src/ros/write/writer.js";
import { expectClose } from "../read/readings.js";
import { command, entry, STAMP } from "./commands.js";
import { type JointTrajectory, pointsOf, TrajectoryController } from "./trajectory-controller.js";

const PERIOD = 100;
const START = stampToMs(STAMP);
const writer = await jointTrajectoryWriter({ joints: { arm: "x" } }, [entry("x")]);
const write = (of: Command, by = writer) => by.write(of) as JointTrajectory;
const velocitiesOf = (of: Command) => pointsOf(write(of)).map(({ velocity }) => velocity);

test("is a complete message, with the stamp of the observation and a point at the end of each step", () => {
  expect(write(command([1, 2]))).toEqual({
    header: { stamp: STAMP, frame_id: "" },
    joint_names: ["arm"],
    points: [
      {
        positions: [1],
        velocities: [0],
        accelerations: [],
        effort: [],
        time_from_start: { sec: 0, nanosec: 140_000_000 },
      },
      {
        positions: [2],
        velocities: [0],
        accelerations: [],
        effort: [],
        time_from_start: { sec: 0, nanosec: 240_000_000 },
      },
    ],
  });
});

test("times are whole nanoseconds below a second, in order", () => {
  const rates = fc.double({ min: 1, max: 200, noNaN: true });
  fc.assert(
    fc.property(rates, fc.double({ min: 0, max: 3000, noNaN: true }), (rate, sinceStampMs) => {
      const periodMs = 1000 / rate;
      const { points } = write(command([0, 0, 0, 0], { periodMs, sinceStampMs }));
      points.forEach(({ time_from_start: { sec, nanosec } }, k) => {
        expect(Number.isInteger(sec) && Number.isInteger(nanosec)).toBe(true);
        expect(nanosec).toBeGreaterThanOrEqual(0);
        expect(nanosec).toBeLessThan(1e9);
        expect(stampToMs({ sec, nanosec })).toBeCloseTo(sinceStampMs + (k + 1) * periodMs, 5);
      });
    }),
  );
});

test("a time just below a second is that second", () => {
  const { points } = write(command([0], { sinceStampMs: 899.9999999 }));
  expect(points[0].time_from_start).toEqual({ sec: 1, nanosec: 0 });
});

test("joints are named in the order of the binding, each with its own action", async () => {
  const actions = [entry("x"), entry("idle"), entry("y")];
  const two = await jointTrajectoryWriter({ joints: { second: "y", first: "x" } }, actions);
  const { joint_names, points } = write(command([1, 0, 10, 2, 0, 20, 3, 0, 30]), two);
  expect(joint_names).toEqual(["second", "first"]);
  expect(points.map(({ positions }) => positions)).toEqual([
    [10, 1],
    [20, 2],
    [30, 3],
  ]);
  expectClose(points[1].velocities, [100, 10]);
});

test("positions and velocities are converted; an offset is no velocity", async () => {
  const rad = await jointTrajectoryWriter({ joints: { arm: "x" }, unit: "deg" }, [entry("x", "rad")]);
  const turn = pointsOf(write(command([0, Math.PI / 2, Math.PI]), rad));
  expectClose([turn[1].position, turn[1].velocity], [90, 900], 1e-4);
  const scaled = await jointTrajectoryWriter({ joints: { arm: "x" }, scale: 2, offset: 1 }, [entry("x")]);
  const [, point] = pointsOf(write(command([1, 3, 5]), scaled));
  expectClose([point.position, point.velocity], [1, 10]);
});

describe("velocities", () => {
  test("of a line are its slope per second, and none where it ends", () => {
    expectClose(velocitiesOf(command([1, 2, 3, 4], { before: Float32Array.of(0) })), [10, 10, 10, 0]);
  });

  test("begin from standstill where nothing was commanded before", () => {
    expectClose(velocitiesOf(command([1, 2, 3, 4])), [0, 10, 10, 0]);
  });

  test("are none at a turning point, and at most three times the smaller increment", () => {
    expectClose(velocitiesOf(command([1, 3, 2, 2.1, 7])), [0, 0, 0, 3, 0], 1e-4);
  });

  test("of a lone action are none", () => {
    expect(velocitiesOf(command([5], { before: Float32Array.of(0) }))).toEqual([0]);
  });
});

const value = fc.float({ min: -10, max: 10, noNaN: true });
const rows = fc.array(value, { minLength: 1, maxLength: 8 });
/** Milliseconds from the beginning of a step until its trajectory is with the controller. */
const prompt = fc.integer({ min: 0, max: PERIOD / 2 });
const late = fc.integer({ min: 0, max: 3 * PERIOD });
const stepsAfter = (delay: fc.Arbitrary<number>) =>
  fc.array(fc.record({ rows, delay }), { minLength: 1, maxLength: 12 });

/** A new plan in every step, each with its trajectory and the moment it arrives. */
function* driven(plan: readonly { readonly rows: readonly number[]; readonly delay: number }[]) {
  let before: Float32Array | undefined;
  for (const [k, { rows, delay }] of plan.entries()) {
    // The observation is 40 ms older than the step.
    const begin = START + 40 + k * PERIOD;
    const sinceStampMs = 40 + k * PERIOD;
    const sent = command(rows, { sinceStampMs, ageMs: sinceStampMs + delay, before });
    yield { trajectory: write(sent), begin, arrival: begin + delay };
    before = sent.rows.slice(0, 1);
  }
}

describe("a plan that comes late", () => {
  const late = (ms: number) => write(command([1, 2, 3, 4], { before: Float32Array.of(0), ageMs: 40 + ms }));

  test.each([
    [0, [1, 2, 3, 4], 140],
    [50, [1, 2, 3, 4], 140],
    [51, [2, 3, 4], 240],
    [149, [2, 3, 4], 240],
    [310, [4], 440],
  ])("by %i ms is told from the first point that can be reached on, at its time", (ms, positions, first) => {
    const { header, points } = late(ms);
    expect(header.stamp).toEqual(STAMP);
    expect(points.map((point) => point.positions[0])).toEqual(positions);
    expect(stampToMs(points[0].time_from_start)).toBeCloseTo(first, 6);
    expectClose(points[0].velocities, [positions.length > 1 ? 10 : 0]);
  });

  test("by all its length begins now: no controller takes a trajectory that has ended", () => {
    const { points } = late(400);
    expect(points.map(({ positions }) => positions[0])).toEqual([1, 2, 3, 4]);
    expect(stampToMs(points[0].time_from_start)).toBeCloseTo(40 + 400 + PERIOD, 6);
  });
});

/** The velocity just before or behind a moment, exactly: between its knots, a millisecond apart or more, it is a parabola. */
function limit(controller: TrajectoryController, time: number, side: -1 | 1): number {
  const [a, b, c] = [1, 2, 3].map((k) => controller.at(time + (side * k) / 4).velocity);
  return 3 * a - 3 * b + c;
}

describe("a controller that goes on from its desired state", () => {
  test("moves with a continuous velocity over every seam and every point, and rests at the last row", () => {
    fc.assert(
      fc.property(stepsAfter(late), (plan) => {
        const controller = new TrajectoryController(0, START);
        let end = { time: START, position: 0 };
        let now = START;
        for (const { trajectory, arrival } of driven(plan)) {
          // None overtakes another.
          if (arrival < now + 1) continue;
          now = arrival;
          const coming = limit(controller, arrival, -1);
          const { position } = controller.at(arrival);
          controller.accept(trajectory, arrival);
          expect(Math.abs(limit(controller, arrival, 1) - coming)).toBeLessThan(1e-6);
          expect(controller.at(arrival).position).toBeCloseTo(position, 12);
          for (const point of pointsOf(trajectory)) {
            const jump = limit(controller, point.time, 1) - limit(controller, point.time, -1);
            expect(Math.abs(jump)).toBeLessThan(1e-6);
            end = point;
          }
        }
        const rest = controller.at(end.time + 5000);
        expectClose([rest.position, rest.velocity], [end.position, 0], 1e-12);
      }),
    );
  });

  test("is at the action of a step when it ends, where the trajectory came in its first half", () => {
    fc.assert(
      fc.property(stepsAfter(prompt), (plan) => {
        const controller = new TrajectoryController(0, START);
        for (const { trajectory, begin, arrival } of driven(plan)) {
          controller.accept(trajectory, arrival);
          expectClose([controller.at(begin + PERIOD).position], trajectory.points[0].positions, 1e-9);
        }
      }),
    );
  });

  test("moves along an unchanged plan as if it had been told once", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 10 }), fc.array(prompt), (whole, delays) => {
        const plan = whole.map((_, k) => ({ rows: whole.slice(k), delay: k === 0 ? 0 : (delays[k] ?? 0) }));
        const once = new TrajectoryController(0, START);
        const often = new TrajectoryController(0, START);
        const arrivals = [...driven(plan)];
        once.accept(arrivals[0].trajectory, arrivals[0].arrival);
        arrivals.forEach(({ trajectory, arrival }, k) => {
          often.accept(trajectory, arrival);
          const until = arrivals[k + 1]?.arrival ?? arrival + 3 * PERIOD;
          for (let now = arrival; now < until; now += 7) {
            const [a, b] = [once.at(now), often.at(now)];
            expectClose([b.position, b.velocity], [a.position, a.velocity], 1e-8);
          }
        });
      }),
    );
  });
});

test("two trajectories of an unchanged plan agree where both have a point", () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 2, maxLength: 10 }), (whole) => {
      const plan = whole.map((_, k) => ({ rows: whole.slice(k), delay: 0 }));
      const [first, ...others] = [...driven(plan)].map(({ trajectory }) => pointsOf(trajectory));
      others.forEach((points, k) => {
        expect(points).toEqual(first.slice(k + 1));
      });
    }),
  );
});

test("refuses an action that the policy does not have", async () => {
  await expect(jointTrajectoryWriter({ joints: { arm: "z" } }, [entry("x"), entry("y")])).rejects.toThrow(
    'joints.arm: "z" is no action of this policy; it has x, y',
  );
});

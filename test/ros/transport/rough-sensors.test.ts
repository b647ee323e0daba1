import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Budgets } from "../../../src/control/budgets.js";
import { ControlNode } from "../../../src/control/node.js";
import { planSettingsSchema, resolvePlanSettings } from "../../../src/control/plan-settings.js";
import { COMMAND_QOS, SENSOR_QOS } from "../../../src/ros/qos.js";
import { msToStamp } from "../../../src/ros/stamp.js";
import { RosTransport } from "../../../src/ros/transport/ros-transport.js";
import { jointTrajectoryWriter } from "../../../src/ros/write/joint-trajectory.js";
import type { LoopEvent, RefusalEvent, TickRecord } from "../../../src/telemetry/loop-event.js";
import { SimulatedClock } from "../../../src/time/simulated-clock.js";
import { ToyWorker } from "../../replay/toy-worker.js";
import { MemoryGraph } from "../memory-graph.js";
import { type JointTrajectory, pointsOf } from "../write/trajectory-controller.js";
import { jointReader } from "./joint-topics.js";

const T0 = 1_700_000_000_000;
const STEPS = 200;
const BUDGETS: Budgets = { tick: 100, solve: 40, maxObservationAge: 600, hold: 300 };

/** How a sensor of a policy of 10 Hz falls short of one. */
interface Rough {
  readonly hz?: number;
  /** From acquisition to arrival at least, ms. */
  readonly latency?: (step: number) => number;
  /** Up to so much more, ms. */
  readonly jitter?: number;
  /** Share of messages that do not arrive. */
  readonly lost?: number;
}

/** Repeatable numbers in [0, 1). */
function dice(): () => number {
  let state = 7;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** A policy of which every solve takes 5 to 20 ms, and one sensor, for 20 seconds; what became of it. */
async function run({ hz = 10, latency = () => 20, jitter = 0, lost = 0 }: Rough) {
  const graph = new MemoryGraph("parapilot", { now: T0 });
  const clock = new SimulatedClock(5_000);
  const worker = new ToyWorker(clock, () => {});
  worker.sweepMs = 5;
  const events: LoopEvent[] = [];
  const writer = await jointTrajectoryWriter({ joints: { arm: "goal" } }, worker.manifest.action);
  const transport = new RosTransport({
    graph,
    clock,
    manifest: worker.manifest,
    periodMs: BUDGETS.tick,
    maxObservationAgeMs: () => BUDGETS.maxObservationAge,
    bindings: {
      observations: [
        { name: "position", topic: "joint_states", qos: SENSOR_QOS, rateHz: 10, reader: jointReader },
      ],
      actions: [{ topic: "goal", qos: COMMAND_QOS, writer }],
    },
  });
  const plan = resolvePlanSettings(planSettingsSchema.parse({ overlap: "freeze" }), worker.manifest);
  const watch = (event: LoopEvent) => events.push(event);
  new ControlNode(transport, worker, { clock, budgets: BUDGETS, plan, watch }).start();
  const arm = graph.remote("arm");
  const states = arm.publisher(jointReader.type, "joint_states", SENSOR_QOS);
  const leadsMs: number[] = [];
  arm.subscription(writer.type, "goal", COMMAND_QOS, (message) => {
    const points = pointsOf(message as JointTrajectory);
    leadsMs.push(points[0].time - graph.now());
    for (const [k, { time }] of points.entries()) if (k > 0) leadsMs.push(time - points[k - 1].time);
  });
  const next = dice();
  const messages = Array.from({ length: (STEPS * hz) / 10 }, (_, k) => {
    const stamp = T0 + 50 + (1000 * k) / hz;
    return { stamp, at: stamp + latency(k) + jitter * next(), isLost: next() < lost };
  }).sort((a, b) => a.at - b.at);
  const passTo = async (ms: number) => {
    while (graph.now() < ms) {
      const step = Math.min(5, ms - graph.now());
      graph.setNow(graph.now() + step);
      clock.advance(step);
      await nextTurn();
    }
  };
  for (const { stamp, at, isLost } of messages) {
    await passTo(at);
    if (!isLost) states.publish({ header: { stamp: msToStamp(stamp) }, position: [0.1] });
    await nextTurn();
  }
  const ticks = events.filter((event): event is TickRecord => event.kind === "tick").slice(3);
  // Whatever comes of an observation, no controller is to hurry, let alone to jump to a point in the past.
  expect(leadsMs.length).toBeGreaterThan(STEPS);
  expect(Math.min(...leadsMs)).toBeGreaterThan(BUDGETS.tick / 2 - 0.01);
  return {
    steps: ticks.map(({ step }) => step),
    rungs: [...new Set(ticks.map(({ rung }) => rung))],
    missed: ticks.filter(({ missed }) => missed).length,
    byClock: ticks.filter(({ trigger }) => trigger === "clock").length,
    refused: events.filter((event): event is RefusalEvent => event.kind === "refused").length,
  };
}

const consecutive = (steps: readonly number[]) => steps.every((step, k) => step === steps[0] + k);

describe("a sensor of the policy's rate", () => {
  it.each<[string, Rough]>([
    ["that is punctual", {}],
    ["whose messages are under way for 5 to 35 ms", { latency: () => 5, jitter: 30 }],
    ["whose messages are under way for 60 to 80 ms", { latency: () => 60, jitter: 20 }],
    ["whose messages are all older than a period", { latency: () => 120, jitter: 10 }],
    ["that is slower by 2 %", { hz: 9.8, latency: () => 60, jitter: 10 }],
    ["that is faster by 2 %", { hz: 10.2, latency: () => 60, jitter: 10 }],
    ["three times over", { hz: 30, jitter: 10 }],
  ])("%s has every step acted in once, on time and fresh", async (_, rough) => {
    const { steps, ...figures } = await run(rough);
    expect(figures).toEqual({ rungs: ["fresh"], missed: 0, byClock: 0, refused: 0 });
    expect(consecutive(steps)).toBe(true);
    expect(steps.length).toBeGreaterThan(0.95 * STEPS);
  });

  it.each([20, 60])(
    "that loses a tenth of its messages, %i ms old, is stood in for by the clock",
    async (age) => {
      const { steps, rungs, missed, byClock, refused } = await run({
        latency: () => age,
        jitter: 5,
        lost: 0.1,
      });
      expect(consecutive(steps)).toBe(true);
      expect(byClock).toBeGreaterThan(10);
      expect(rungs).not.toContain("stop");
      expect(missed).toBeLessThan(0.03 * STEPS);
      expect(refused).toBe(0);
    },
  );

  it("whose messages are under way for longer from one moment on loses one of them, not all", async () => {
    const { steps, rungs, missed, refused } = await run({ latency: (step) => (step < 100 ? 20 : 90) });
    expect(refused).toBe(1);
    expect([rungs, missed]).toEqual([["fresh"], 0]);
    expect(consecutive(steps)).toBe(true);
  });
});

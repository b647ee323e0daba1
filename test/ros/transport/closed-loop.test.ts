import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Budgets } from "../../../src/control/budgets.js";
import { ControlNode } from "../../../src/control/node.js";
import { planSettingsSchema, resolvePlanSettings } from "../../../src/control/plan-settings.js";
import { COMMAND_QOS } from "../../../src/ros/qos.js";
import { msToStamp, stampToMs } from "../../../src/ros/stamp.js";
import { SimTime } from "../../../src/ros/time/sim-time.js";
import { RosTransport } from "../../../src/ros/transport/ros-transport.js";
import type { LoopEvent, TickRecord } from "../../../src/telemetry/loop-event.js";
import { SimulatedClock } from "../../../src/time/simulated-clock.js";
import { FakeHost, solvedTick } from "../../control/fake-host.js";
import { MemoryGraph } from "../memory-graph.js";
import { jointArm, jointTopics } from "./joint-topics.js";

const T0 = 1_700_000_000_000;
const BUDGETS: Budgets = { tick: 100, solve: null, maxObservationAge: 600, hold: 300 };

/** A node of the joint policy on a graph. */
function nodeOn(graph: MemoryGraph, clock: SimulatedClock) {
  const host = new FakeHost(solvedTick(0.5));
  const events: LoopEvent[] = [];
  const transport = new RosTransport({
    graph,
    bindings: jointTopics(),
    manifest: host.manifest,
    clock,
    maxObservationAgeMs: () => BUDGETS.maxObservationAge,
    periodMs: BUDGETS.tick,
  });
  const node = new ControlNode(transport, host, {
    clock,
    budgets: BUDGETS,
    plan: resolvePlanSettings(planSettingsSchema.parse({ blend: "none" }), host.manifest),
    watch: (event) => events.push(event),
  });
  node.start();
  const ticks = () => events.flatMap((event) => (event.kind === "tick" ? [event as TickRecord] : []));
  return { node, transport, events, ticks, host, arm: jointArm(graph) };
}

/** A node whose ROS time is the wall clock's. */
function stage() {
  const graph = new MemoryGraph("parapilot", { now: T0 });
  const clock = new SimulatedClock(5_000);
  const parts = nodeOn(graph, clock);
  /** A period of 100 ms, the worker's answers included; the arm shows itself at its beginning, unless it is silent. */
  const period = async (position?: number) => {
    if (position !== undefined) parts.arm.show(position);
    await nextTurn();
    for (let k = 0; k < 10; k++) {
      graph.setNow(graph.now() + 10);
      clock.advance(10);
      await nextTurn();
    }
  };
  return { ...parts, graph, clock, period };
}

const ms = (command: { readonly stamp: Parameters<typeof stampToMs>[0] }) => stampToMs(command.stamp);

describe("a control loop over ROS topics", () => {
  it("gives an action per control step, stamped with the observation that it derives from", async () => {
    const { arm, period, ticks } = stage();
    arm.target();
    for (let k = 0; k < 20; k++) await period(0.1);
    const steps = ticks().map(({ step }) => step);
    expect(steps).toEqual(Array.from({ length: 20 }, (_, k) => k));
    const planned = ticks().filter(({ plan }) => plan);
    expect(planned.length).toBeGreaterThan(15);
    // At first nobody knows where the joint is to stay.
    expect(ticks()[0].action).toHaveLength(0);
    expect(arm.commands).toHaveLength(19);
    arm.commands.forEach((command, k) => {
      const { plan, step } = ticks()[k + 1];
      if (plan) expect(ms(command)).toBe(T0 + 100 * plan.step);
      expect(command.sinceStampMs).toBe(plan ? 100 * (step - plan.step) : 0);
      expect(command.before).toEqual(k === 0 ? undefined : arm.commands[k - 1].rows.slice(0, 1));
    });
  });

  it("goes through rest, hold and stop by the clock when observations stop, and is fresh when they come back", async () => {
    const { arm, period, ticks, transport } = stage();
    arm.target();
    for (let k = 0; k < 10; k++) await period(0.1);
    const before = ticks().length;
    for (let k = 0; k < 16; k++) await period();
    const silent = ticks().slice(before);
    expect([...new Set(silent.map(({ rung }) => rung))].slice(-3)).toEqual(["rest", "hold", "stop"]);
    expect(silent.map(({ step }) => step)).toEqual(silent.map((_, k) => silent[0].step + k));
    expect(silent.every(({ id }) => id === null)).toBe(true);
    expect(arm.commands).toHaveLength(ticks().length - 1);
    // What holds derives from no observation.
    const held = arm.commands[before - 1 + silent.findIndex(({ rung }) => rung === "hold")];
    expect(held.sinceStampMs).toBe(0);
    expect(ms(held)).toBeGreaterThan(T0 + 1000);
    expect(transport.health().observations[0].ageMs).toBe(1700);
    for (let k = 0; k < 5; k++) await period(0.1);
    const back = ticks().at(-1);
    expect(back).toMatchObject({ rung: "fresh", step: 30 });
    expect(ms(arm.commands.at(-1) as (typeof arm.commands)[number])).toBeGreaterThanOrEqual(T0 + 2600);
  });

  it("takes no stale message for an observation: the ladder goes down as if nothing came", async () => {
    const { arm, graph, period, ticks, transport } = stage();
    arm.target();
    for (let k = 0; k < 10; k++) await period(0.1);
    for (let k = 0; k < 12; k++) {
      arm.show(0.1, msToStamp(graph.now() - 830));
      await period();
    }
    expect(ticks().at(-1)?.rung).toBe("stop");
    expect(transport.health().observations[0].problem).toBe("stale: 0.83 s old, 0.60 s allowed");
  });

  it("counts its steps by time at whatever rate a sensor sends", async () => {
    const { arm, graph, clock, ticks } = stage();
    arm.target();
    for (let k = 0; k < 400; k++) {
      arm.show(0.1);
      await nextTurn();
      graph.setNow(graph.now() + 5);
      clock.advance(5);
    }
    expect(ticks().map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, k) => k));
    expect(ticks().every(({ id }) => id !== null)).toBe(true);
  });

  it("tells of an observation's age: one that is long under way is as old as that", async () => {
    const { arm, graph, events, period } = stage();
    arm.target();
    for (let k = 0; k < 5; k++) {
      arm.show(0.1, msToStamp(graph.now() - 40));
      await period();
    }
    const ages = events.flatMap((event) => (event.kind === "observation" ? [event.ageMs] : []));
    expect(ages).toHaveLength(5);
    for (const age of ages) expect(age).toBeCloseTo(40, 0);
  });
});

describe("a control loop in simulated time", () => {
  /** A simulator that publishes its time and its arm. */
  function simulated() {
    const graph = new MemoryGraph("parapilot", { now: 0 });
    const wall = { ms: 0 };
    const backs: number[] = [];
    const time = new SimTime(graph, { onBack: (backMs) => backs.push(backMs), wall: () => wall.ms });
    const parts = nodeOn(graph, time.clock);
    const publisher = graph.remote("simulator").publisher("rosgraph_msgs/msg/Clock", "/clock", COMMAND_QOS);
    const tell = (at: number) => {
      graph.setNow(at);
      publisher.publish({ clock: msToStamp(at) });
    };
    /** A period of 100 ms from `at` on. */
    const period = async (at: number) => {
      tell(at);
      parts.arm.show(0.1);
      await nextTurn();
      for (let k = 10; k < 100; k += 10) {
        tell(at + k);
        await nextTurn();
      }
    };
    return { ...parts, time, tell, period, wall, backs, graph };
  }

  it("acts while /clock runs, waits while it stands still, and goes on with the next step", async () => {
    const { arm, period, ticks, wall, time } = simulated();
    arm.target();
    for (let at = 10_000; at < 11_000; at += 100) await period(at);
    const acted = ticks().length;
    expect(acted).toBe(10);
    wall.ms += 60_000;
    for (let k = 0; k < 20; k++) await nextTurn();
    expect(ticks()).toHaveLength(acted);
    expect(time.standstill()).toBe("/clock stands still at 10.990 s since 60 s");
    for (let at = 11_000; at < 11_500; at += 100) await period(at);
    expect(
      ticks()
        .slice(acted)
        .map(({ step }) => step),
    ).toEqual([10, 11, 12, 13, 14]);
    expect(ticks().at(-1)?.rung).toBe("fresh");
  });

  it("begins a new episode when /clock jumps back, and stamps its actions in the new time", async () => {
    const { arm, period, ticks, backs, transport } = simulated();
    arm.target();
    for (let at = 10_000; at < 11_000; at += 100) await period(at);
    const acted = ticks().length;
    for (let at = 2_000; at < 3_000; at += 100) await period(at);
    expect(backs).toEqual([8_990]);
    expect(transport.health()).toMatchObject({ episode: 1, steps: 10 });
    const anew = ticks()
      .slice(acted)
      .filter(({ episode }) => episode === 1);
    expect(anew.map(({ step }) => step)).toEqual(Array.from({ length: 10 }, (_, k) => k));
    expect(anew.map(({ rung }) => rung)).toContain("fresh");
    const stamps = arm.commands.slice(-8).map((command) => ms(command));
    for (const stamp of stamps) expect(stamp).toBeGreaterThanOrEqual(2_000);
    for (const stamp of stamps) expect(stamp).toBeLessThan(3_000);
  });

  it("takes nothing that is stamped before /clock has come", async () => {
    const { arm, transport, ticks } = simulated();
    arm.target();
    arm.show(0.1, msToStamp(12_000));
    await nextTurn();
    expect(ticks()).toEqual([]);
    expect(transport.health().observations[0].problem).toContain("until something comes on /clock");
  });
});

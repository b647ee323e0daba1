import { describe, expect, it } from "vitest";
import { SimTime } from "../../../sim/ros/sim-time.js";
import { COMMAND_QOS } from "../../../src/ros/qos.js";
import { type Stamp, stampToMs } from "../../../src/ros/stamp.js";
import { SimulatedClock } from "../../../src/time/simulated-clock.js";
import { MemoryGraph } from "../../ros/memory-graph.js";
import { PERIOD, play } from "./player.js";

function hear(graph: MemoryGraph): number[] {
  const told: number[] = [];
  graph.remote("/other").subscription("rosgraph_msgs/msg/Clock", "/clock", COMMAND_QOS, (message) => {
    told.push(stampToMs((message as { clock: Stamp }).clock));
  });
  return told;
}

describe("the time of a simulated world", () => {
  it.each([0.25, 1, 4])("passes at %d times the wall's pace, in small steps", (rateFactor) => {
    const graph = new MemoryGraph("/pusht");
    const told = hear(graph);
    const wall = new SimulatedClock();
    const time = new SimTime(graph, wall, rateFactor);
    time.start();
    wall.advance(2000);
    expect(time.now()).toBeCloseTo(10_000 + 2000 * rateFactor, 6);
    expect(told.length).toBeGreaterThanOrEqual(2 * 50);
    told.slice(1).forEach((moment, k) => {
      expect(moment - told[k]).toBeGreaterThan(0);
      expect(moment - told[k]).toBeLessThanOrEqual(20);
    });
  });

  it("is told before what is stamped with it", async () => {
    const { graph, seen, begin, pass } = play({ rateFactor: 1 });
    const told = hear(graph);
    const ahead: number[] = [];
    graph
      .remote("/lab/viewer")
      .subscription("sensor_msgs/msg/JointState", "joint_states", COMMAND_QOS, () => {
        ahead.push(stampToMs(seen.joints[seen.joints.length - 1].header.stamp) - told[told.length - 1]);
      });
    await begin();
    await pass(10 * PERIOD);
    expect(ahead.length).toBe(11);
    expect(ahead.every((ms) => ms === 0)).toBe(true);
    expect(seen.joints.map(({ header }) => stampToMs(header.stamp))).toEqual(
      Array.from({ length: 11 }, (_, k) => 10_000 + PERIOD * k),
    );
  });

  it("makes the world slow, with the same steps", async () => {
    const { seen, begin, pass } = play({ rateFactor: 0.5 });
    await begin();
    await pass(10 * PERIOD);
    const stamps = seen.joints.map(({ header }) => stampToMs(header.stamp));
    expect(stamps).toEqual([10_000, 10_100, 10_200, 10_300, 10_400, 10_500]);
  });

  it("stands still while it is paused, and is told all the same", async () => {
    const { graph, world, seen, begin, pass } = play({ rateFactor: 1 });
    const told = hear(graph);
    await begin();
    await pass(2 * PERIOD);
    const shown = seen.joints.length;
    const last = told[told.length - 1];
    const before = told.length;
    world.pause();
    await pass(5 * PERIOD);
    expect(seen.joints.length).toBe(shown);
    expect(told.length).toBeGreaterThan(before + 25);
    expect(new Set(told.slice(before))).toEqual(new Set([last]));
    world.resume();
    await pass(2 * PERIOD);
    expect(seen.joints.length).toBe(shown + 2);
    expect(told[told.length - 1] - last).toBeCloseTo(2 * PERIOD, 6);
  });

  it("does not leap when this process stood still", async () => {
    const { clock, seen, begin, pass } = play({ rateFactor: 1 });
    await begin();
    await pass(2 * PERIOD);
    const shown = seen.joints.length;
    clock.stall(1000);
    clock.advance(PERIOD);
    expect(seen.joints.length).toBeLessThanOrEqual(shown + 2);
  });

  it("stands still as well with the wall's time while the world is paused", async () => {
    const { world, seen, begin, pass } = play();
    await begin();
    await pass(2 * PERIOD);
    const shown = seen.joints.length;
    world.pause();
    await pass(5 * PERIOD);
    expect(seen.joints.length).toBe(shown);
    world.resume();
    await pass(2 * PERIOD);
    expect(seen.joints.length).toBeGreaterThan(shown);
  });
});

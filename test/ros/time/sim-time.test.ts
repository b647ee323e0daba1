import { describe, expect, it } from "vitest";
import { COMMAND_QOS } from "../../../src/ros/qos.js";
import { msToStamp } from "../../../src/ros/stamp.js";
import { SimTime } from "../../../src/ros/time/sim-time.js";
import { MemoryGraph } from "../memory-graph.js";

function bench() {
  const graph = new MemoryGraph("parapilot");
  const publisher = graph.remote("simulator").publisher("rosgraph_msgs/msg/Clock", "/clock", COMMAND_QOS);
  const wall = { ms: 50_000 };
  const backs: number[] = [];
  const time = new SimTime(graph, { onBack: (ms) => backs.push(ms), wall: () => wall.ms });
  const tell = (ms: number) => publisher.publish({ clock: msToStamp(ms) });
  return { time, tell, wall, backs, graph };
}

describe("simulated time", () => {
  it("is 0 until something comes on /clock, and says what to do when nothing does", () => {
    const { time, wall } = bench();
    expect([time.now(), time.isRunning(), time.standstill()]).toEqual([0, false, undefined]);
    wall.ms += 3100;
    expect(time.standstill()).toBe(
      "nothing on /clock for 3 s; start the simulator, or set use_sim_time to false",
    );
  });

  it("rings alarms at their own moments as /clock gets on", () => {
    const { time, tell } = bench();
    tell(12_000);
    const start = time.clock.now();
    const rung: number[] = [];
    for (const ms of [40, 80, 150]) time.clock.alarm(start + ms, () => rung.push(time.clock.now() - start));
    tell(12_100);
    expect(rung).toEqual([40, 80]);
    expect([time.now(), time.clock.now() - start]).toEqual([12_100, 100]);
  });

  it("that is set back says so, and the clock goes on at its pace, alarms keeping their distance", () => {
    const { time, tell, backs } = bench();
    tell(12_000);
    const rung: number[] = [];
    const start = time.clock.now();
    time.clock.alarm(start + 100, () => rung.push(time.clock.now() - start));
    tell(12_060);
    tell(1_000);
    expect(backs).toEqual([11_060]);
    expect(time.now()).toBe(1_000);
    expect(rung).toEqual([]);
    tell(1_040);
    expect(rung).toEqual([100]);
    tell(1_500);
    expect(time.clock.now() - start).toBe(60 + 500);
  });

  it("takes an older message that was overtaken for what it is", () => {
    const { time, tell, backs } = bench();
    for (const ms of [12_000, 12_020, 12_010, 12_030]) tell(ms);
    expect(backs).toEqual([]);
    expect(time.now()).toBe(12_030);
  });

  it("that leaps ahead rings what fell due meanwhile once, not step by step", () => {
    const { time, tell } = bench();
    tell(12_000);
    let rings = 0;
    const again = (at: number) => {
      time.clock.alarm(at, () => {
        rings += 1;
        again(time.clock.now() + 100);
      });
    };
    again(time.clock.now() + 100);
    tell(72_000);
    expect(rings).toBe(1);
    tell(72_100);
    expect(rings).toBe(2);
  });

  it("may be published by whoever an alarm has just told something", () => {
    const { time, tell } = bench();
    tell(1_000);
    const start = time.clock.now();
    const rung: number[] = [];
    time.clock.alarm(start + 50, () => tell(1_200));
    time.clock.alarm(start + 150, () => rung.push(time.clock.now() - start));
    tell(1_100);
    expect(rung).toEqual([150]);
    expect([time.now(), time.clock.now() - start]).toEqual([1_200, 200]);
  });

  it("that stands still is noticed by the wall clock, though /clock is repeated, and over when it gets on", () => {
    const { time, tell, wall } = bench();
    tell(12_300);
    for (let k = 0; k < 31; k++) {
      wall.ms += 100;
      tell(12_300);
    }
    expect(time.isRunning()).toBe(false);
    expect(time.standstill()).toBe("/clock stands still at 12.300 s since 3 s");
    tell(12_400);
    expect([time.isRunning(), time.standstill()]).toEqual([true, undefined]);
  });
});

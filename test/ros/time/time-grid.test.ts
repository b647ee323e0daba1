import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../../src/policy/errors.js";
import { msToStamp } from "../../../src/ros/stamp.js";
import type { GridKey, Sample } from "../../../src/ros/time/lane.js";
import { type Added, TimeGrid } from "../../../src/ros/time/time-grid.js";

const T0 = 1_700_000_000_000;

const A: GridKey = { name: "a", rateHz: 10 };
const B: GridKey = { name: "b", rateHz: 10 };
const SLOW: GridKey = { name: "slow", rateHz: 2 };
const ONCE: GridKey = { name: "once", rateHz: 0 };

function gridOf(keys: readonly GridKey[], maxAgeMs: number | null = 500) {
  return new TimeGrid({ periodMs: 100, keys, maxAgeMs: () => maxAgeMs });
}

/** A sample stamped `at` ms after T0 whose value is that moment. */
function sample(at: number, value = at): Sample {
  return { stamp: msToStamp(T0 + at), arrivedMs: T0 + at, values: Float64Array.of(value) };
}

/** Adds samples the moment they are stamped, or `late` ms after. */
function feed(grid: TimeGrid, samples: readonly (readonly [key: string, at: number])[], late = 0): Added[] {
  return samples.map(([key, at]) => grid.add(key, sample(at), T0 + at + late));
}

const framesOf = (added: readonly Added[]) => added.flatMap(({ frame }) => (frame ? [frame] : []));

/** What a frame is made of, by the moments of its values. */
const shown = (added: readonly Added[]) =>
  framesOf(added).map(({ step, stampMs, observation }) => ({
    step,
    at: stampMs - T0,
    ...Object.fromEntries(Object.entries(observation).map(([key, [value]]) => [key, value])),
  }));

describe("an observation", () => {
  it("is complete when every key that sets the pace has come, and acquired when the last of them was", () => {
    const added = feed(gridOf([A, B]), [
      ["a", 0],
      ["b", 0],
      ["a", 100],
      ["b", 100],
    ]);
    expect(added.map(({ frame }) => frame !== undefined)).toEqual([false, true, false, true]);
    expect(shown(added)).toEqual([
      { step: 0, at: 0, a: 0, b: 0 },
      { step: 1, at: 100, a: 100, b: 100 },
    ]);
  });

  it("has the exact stamp of its acquisition", () => {
    const stamp = { sec: 1_700_000_000, nanosec: 123_456_789 };
    const { frame } = gridOf([A]).add("a", { ...sample(0), stamp }, T0 + 130);
    expect(frame?.stamp).toEqual(stamp);
  });

  it("of sensors that stamp one moment a little apart has the values of that moment", () => {
    const added = feed(gridOf([A, B]), [
      ["a", 0],
      ["b", 0.4],
      ["a", 100],
      ["b", 100.3],
    ]);
    expect(shown(added)).toEqual([
      { step: 0, at: 0, a: 0, b: 0.4 },
      { step: 1, at: 100, a: 100, b: 100.3 },
    ]);
  });

  it("of sensors that are out of phase takes of each the nearest value at or before that moment", () => {
    const added = feed(gridOf([A, B]), [
      ["a", 0],
      ["b", 40],
      ["a", 100],
      ["b", 140],
    ]);
    expect(shown(added)).toEqual([
      { step: 0, at: 40, a: 0, b: 40 },
      { step: 1, at: 100, a: 100, b: 40 },
    ]);
  });

  it("takes of a fast sensor what it said when the slow camera looked, not what it says by now", () => {
    const grid = gridOf([{ name: "a", rateHz: 1000 }, B]);
    for (let at = 0; at <= 80; at++) grid.add("a", sample(at), T0 + at);
    const added = grid.add("b", sample(0.5, 7), T0 + 80.5);
    expect(shown([added])).toEqual([{ step: 0, at: 0.5, a: 0, b: 7 }]);
  });

  it("holds the last value of a slower key", () => {
    const added = feed(gridOf([A, SLOW]), [
      ["a", 0],
      ["slow", 50],
      ["a", 100],
      ["a", 200],
      ["slow", 290],
      ["a", 300],
    ]);
    expect(shown(added)).toEqual([
      { step: 0, at: 100, a: 100, slow: 50 },
      { step: 1, at: 200, a: 200, slow: 50 },
      { step: 2, at: 300, a: 300, slow: 290 },
    ]);
  });

  it("has no value of a slower key that is stale even for its own rate, and says whose", () => {
    const grid = gridOf([A, SLOW]);
    const steps: number[] = [];
    feed(grid, [["slow", 0]]);
    for (let at = 0; at <= 1500; at += 100) {
      if (feed(grid, [["a", at]])[0].frame) steps.push(at);
    }
    // 500 ms, and a period of 500 ms.
    expect(steps.at(-1)).toBe(1000);
    expect(grid.lacking).toBe("slow");
    feed(grid, [["slow", 1590]]);
    expect(shown(feed(grid, [["a", 1600]]))).toEqual([{ step: 16, at: 1600, a: 1600, slow: 1590 }]);
    expect(grid.lacking).toBeUndefined();
  });

  it("keeps what is given once, however old, through a new beginning too", () => {
    const grid = gridOf([A, ONCE]);
    expect(grid.add("once", sample(-3_600_000, 5), T0).problem).toBeUndefined();
    expect(shown(feed(grid, [["a", 0]]))).toEqual([{ step: 0, at: 0, a: 0, once: 5 }]);
    grid.clear();
    expect(shown(feed(grid, [["a", 900]]))).toEqual([{ step: 0, at: 900, a: 900, once: 5 }]);
    grid.add("once", sample(-7_200_000, 6), T0 + 950);
    expect(shown(feed(grid, [["a", 1000]]))).toEqual([{ step: 1, at: 1000, a: 1000, once: 6 }]);
  });

  it("counts steps by time where messages were lost", () => {
    const added = feed(
      gridOf([A]),
      [0, 100, 500, 610].map((at) => ["a", at] as const),
    );
    expect(shown(added).map(({ step }) => step)).toEqual([0, 1, 5, 6]);
  });

  it("is paced by the fastest keys where all are slower than the policy", () => {
    const grid = gridOf([SLOW, { name: "slower", rateHz: 1 }], 2000);
    const added = feed(grid, [
      ["slower", 0],
      ["slow", 0],
      ["slow", 500],
      ["slow", 1000],
    ]);
    expect(shown(added).map(({ step }) => step)).toEqual([0, 5, 10]);
  });

  it("cannot be had where everything is given once", () => {
    expect(() => gridOf([ONCE])).toThrow(ConfigurationError);
    expect(() => gridOf([ONCE])).toThrow("rate_hz: 0");
  });

  it("of topics without stamps has the values that came together", () => {
    const grid = gridOf([A, B]);
    const at = (ms: number): Sample => ({
      stamp: undefined,
      arrivedMs: T0 + ms,
      values: Float64Array.of(ms),
    });
    const added = [0, 100, 200].flatMap((ms) => [
      grid.add("a", at(ms), T0 + ms),
      grid.add("b", at(ms + 0.5), T0 + ms + 0.5),
    ]);
    expect(shown(added)).toEqual([
      { step: 0, at: 0, a: 0, b: 0.5 },
      { step: 1, at: 100, a: 100, b: 100.5 },
      { step: 2, at: 200, a: 200, b: 200.5 },
    ]);
    expect(framesOf(added)[1].stamp).toEqual(msToStamp(T0 + 100));
  });
});

describe("the laws of the grid", () => {
  /** Samples of a fast and a middling key with jittered stamps, in the order in which they arrive. */
  const arrivals = fc
    .record({
      seeds: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(60)), {
        minLength: 20,
        maxLength: 120,
      }),
      hz: fc.tuple(fc.integer({ min: 10, max: 200 }), fc.integer({ min: 10, max: 40 })),
    })
    .map(({ seeds, hz }) =>
      hz
        .flatMap((rate, k) =>
          seeds.map(([jitter, delay], n) => ({
            key: "ab"[k],
            at: Math.round(((n + 0.4 * jitter) * 1000) / rate),
            delay: (delay * (k + 1)) % 61,
          })),
        )
        .sort((a, b) => a.at + a.delay - (b.at + b.delay)),
    );

  /** By so much a sample of 10 Hz may be stamped later and still be of the same moment. */
  const MARGIN = 5;

  it("every key gives its nearest sample at or before the acquisition: as a search through all of them finds it", () => {
    fc.assert(
      fc.property(arrivals, (messages) => {
        const grid = gridOf([A, B], null);
        const come: typeof messages = [];
        for (const message of messages) {
          come.push(message);
          const { frame } = grid.add(message.key, sample(message.at), T0 + message.at + message.delay);
          if (!frame) continue;
          const newest = ["a", "b"].map((key) =>
            Math.max(...come.filter((m) => m.key === key).map(({ at }) => at)),
          );
          const instant = Math.min(...newest);
          expect(frame.stampMs - T0).toBe(instant);
          for (const key of ["a", "b"]) {
            const before = come.filter((m) => m.key === key && m.at <= instant + MARGIN).map(({ at }) => at);
            expect(frame.observation[key][0]).toBe(Math.max(...before));
          }
        }
      }),
    );
  });

  it("the order in which keys of one moment arrive changes nothing", () => {
    const keys: GridKey[] = [A, B, { name: "c", rateHz: 10 }];
    const order = fc.shuffledSubarray(["a", "b", "c"], { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(order, { minLength: 1, maxLength: 20 }), (orders) => {
        const added = feed(
          gridOf(keys),
          orders.flatMap((names, k) => names.map((name) => [name, 100 * k] as const)),
        );
        expect(shown(added)).toEqual(
          orders.map((_, k) => ({ step: k, at: 100 * k, a: 100 * k, b: 100 * k, c: 100 * k })),
        );
      }),
    );
  });

  it("a sample that was overtaken is put where its stamp belongs", () => {
    const grid = gridOf([{ name: "a", rateHz: 100 }, B]);
    feed(grid, [["b", 0]]);
    feed(
      grid,
      [0, 10, 30, 20, 40, 110].map((at) => ["a", at] as const),
    );
    expect(shown([grid.add("b", sample(95), T0 + 115)])).toEqual([{ step: 1, at: 95, a: 40, b: 95 }]);
  });

  it("a second sample with a stamp replaces the first", () => {
    const grid = gridOf([A, B]);
    grid.add("a", sample(0, 1), T0);
    grid.add("a", sample(0, 2), T0);
    expect(shown([grid.add("b", sample(0), T0)])).toEqual([{ step: 0, at: 0, a: 2, b: 0 }]);
  });

  it("memory is bounded while a key stays out", () => {
    const grid = gridOf([{ name: "a", rateHz: 1000 }, B], null);
    for (let at = 0; at < 50_000; at++) grid.add("a", sample(at), T0 + at);
    expect(grid.lacking).toBe("b");
    const { frame } = grid.add("b", sample(49_000), T0 + 50_000);
    expect(frame?.observation.a[0]).toBe(49_000);
    expect(grid.add("b", sample(49_000), T0 + 50_000).frame).toBeUndefined();
  });
});

describe("a stamp", () => {
  it("from the future is refused with how far it is ahead, and never becomes fresh", () => {
    const grid = gridOf([A]);
    expect(grid.add("a", sample(3200), T0).problem).toBe(
      "stamped 3.20 s in the future: the clocks of its sender and this machine disagree; " +
        "synchronise them (chrony, PTP), or set use_sim_time on both",
    );
    expect(grid.ageMs("a", T0 + 3200)).toBeUndefined();
    expect(shown([grid.add("a", sample(0), T0)])).toEqual([{ step: 0, at: 0, a: 0 }]);
  });

  it("ahead by no more than is tolerated counts as now", () => {
    const grid = gridOf([A]);
    expect(grid.add("a", sample(49), T0).frame?.step).toBe(0);
    expect(grid.ageMs("a", T0)).toBe(0);
    expect(grid.ageMs("a", T0 + 60)).toBeCloseTo(11, 3);
    expect(grid.add("a", sample(151), T0 + 100).problem).toContain("0.05 s in the future");
  });

  it("that is older than allowed is refused, with both ages, and slower keys are allowed a period more", () => {
    const grid = gridOf([A, SLOW], 200);
    expect(grid.add("a", sample(-830), T0).problem).toBe("stale: 0.83 s old, 0.20 s allowed");
    expect(grid.add("slow", sample(-690), T0).problem).toBeUndefined();
    expect(grid.add("slow", sample(-710), T0).problem).toBe("stale: 0.71 s old, 0.70 s allowed");
  });

  it("of another clock is refused with the remedy", () => {
    const grid = gridOf([A], 200);
    const simulated = { ...sample(0), stamp: { sec: 12, nanosec: 0 } };
    expect(grid.add("a", simulated, T0).problem).toContain("set use_sim_time on both, or on none");
    const waiting = gridOf([A], 200);
    expect(waiting.add("a", simulated, 0).problem).toContain("ROS time is 0 until something comes on /clock");
  });

  it("of any age will do where the age is off, and the allowed age may change under way", () => {
    expect(gridOf([A], null).add("a", sample(-60_000), T0).frame?.step).toBe(0);
    let allowed = 100;
    const grid = new TimeGrid({ periodMs: 100, keys: [A], maxAgeMs: () => allowed });
    expect(grid.add("a", sample(-150), T0).problem).toContain("stale");
    allowed = 200;
    expect(grid.add("a", sample(-150), T0).problem).toBeUndefined();
  });

  it("that is missing is the time of arrival", () => {
    const { frame } = gridOf([A]).add(
      "a",
      { stamp: undefined, arrivedMs: T0 + 7, values: Float64Array.of(1) },
      T0 + 9,
    );
    expect(frame).toMatchObject({ stampMs: T0 + 7, stamp: msToStamp(T0 + 7) });
  });
});

describe("time that is set back", () => {
  it.each([0, 60_000])(
    "is told from a correction whatever stamps may be ahead (%i ms)",
    (futureToleranceMs) => {
      const grid = new TimeGrid({ periodMs: 100, keys: [A], maxAgeMs: () => null, futureToleranceMs });
      grid.add("a", sample(0), T0);
      expect(grid.add("a", sample(0), T0 - 20).wentBackMs).toBeUndefined();
      expect(grid.add("a", sample(-3000), T0 - 3000)).toMatchObject({ wentBackMs: 3000, frame: { step: 0 } });
    },
  );

  it("begins everything anew and says so", () => {
    const grid = gridOf([A, B]);
    feed(grid, [
      ["a", 10_000],
      ["b", 10_000],
      ["a", 10_100],
      ["b", 10_100],
    ]);
    const [first, second] = feed(grid, [
      ["a", 40],
      ["b", 40],
    ]);
    expect(first.wentBackMs).toBe(10_060);
    expect(first.frame).toBeUndefined();
    expect(second.wentBackMs).toBeUndefined();
    expect(shown([second])).toEqual([{ step: 0, at: 40, a: 40, b: 40 }]);
  });

  it("by less than is tolerated is nothing", () => {
    const grid = gridOf([A]);
    grid.add("a", sample(0), T0 + 40);
    expect(grid.add("a", sample(100), T0 + 100)).toMatchObject({ frame: { step: 1 } });
    expect(grid.add("a", sample(60), T0 + 60)).toEqual({});
  });

  it("does not let a message from before it through", () => {
    const grid = gridOf([A]);
    feed(grid, [["a", 10_000]]);
    feed(grid, [["a", 0]]);
    expect(grid.add("a", sample(10_100), T0 + 50).problem).toContain("in the future");
    expect(shown([grid.add("a", sample(100), T0 + 100)])).toEqual([{ step: 1, at: 100, a: 100 }]);
  });
});

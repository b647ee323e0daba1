import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Limiter } from "../../src/control/limiter.js";
import { float32Limits } from "../../src/policy/float32.js";
import type { ActionEntry } from "../../src/policy/manifest.js";

const SECOND = 1000;
const entry = (changes: Partial<ActionEntry> = {}): ActionEntry => ({
  name: "x",
  unit: "m",
  min: -100,
  max: 100,
  ...changes,
});
const one = (changes: Partial<ActionEntry> = {}) => new Limiter([entry(changes)], SECOND);

/** What is let through of values asked for one after another. */
function through(limiter: Limiter, wanted: readonly number[]): number[] {
  const out = new Float32Array(1);
  return wanted.map((value) => {
    limiter.limit(Float32Array.of(value), out);
    return out[0];
  });
}

/** Actions of a controlled stop. */
function stop(limiter: Limiter, steps: number): number[] {
  const out = new Float32Array(1);
  return Array.from({ length: steps }, () => {
    limiter.stopping(out);
    return out[0];
  });
}

describe("the range", () => {
  test("is kept, and entries outside it are counted", () => {
    const limiter = new Limiter([entry(), entry({ max: 1 })], SECOND);
    const out = new Float32Array(2);
    expect(limiter.limit(Float32Array.of(-200, 0.5), out)).toBe(1);
    expect(Array.from(out)).toEqual([-100, 0.5]);
    expect(limiter.limit(Float32Array.of(200, 2), out)).toBe(2);
    expect(Array.from(out)).toEqual([100, 1]);
  });

  test("is kept in float32 where its ends are none", () => {
    const limiter = one({ min: 0.1, max: 0.3 });
    const [low, high] = through(limiter, [-1, 1]);
    expect(low).toBeGreaterThanOrEqual(0.1);
    expect(low).toBeCloseTo(0.1, 6);
    expect(high).toBeLessThanOrEqual(0.3);
    expect(high).toBeCloseTo(0.3, 6);
  });

  test("without other limits lets everything inside it through as it is", () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true })), (wanted) => {
        const limiter = one({ min: -1e39, max: 1e39 });
        const out = new Float32Array(1);
        for (const value of wanted) {
          expect(limiter.limit(Float32Array.of(value), out)).toBe(0);
          expect(out[0] === value).toBe(true);
        }
      }),
    );
  });
});

describe("the rate", () => {
  test("bounds each step, in units per second", () => {
    const limiter = new Limiter([entry({ max_rate: 20 })], 100);
    expect(through(limiter, [0, 5, 5, 5, -5])).toEqual([0, 2, 4, 5, 3]);
  });

  test("bounds the first action too when the limiter knows where the robot is", () => {
    const limiter = one({ max_rate: 2 });
    limiter.reset(Float32Array.of(50));
    expect(through(limiter, [60])).toEqual([52]);
    limiter.reset();
    expect(through(limiter, [60])).toEqual([60]);
  });
});

describe("the acceleration", () => {
  test("bounds the change from step to step, and brakes in time for what was asked for", () => {
    expect(through(one({ max_acceleration: 1 }), [0, 6, 6, 6, 6, 6, 6])).toEqual([0, 1, 3, 5, 6, 6, 6]);
  });

  test("brakes in time for the end of the range", () => {
    const limiter = one({ max: 6, max_acceleration: 1 });
    expect(through(limiter, [0, 1, 3, 5, 7, 9, 11]).every((value) => value <= 6)).toBe(true);
  });

  test("catches up with a ramp and then follows it exactly", () => {
    const ramp = Array.from({ length: 40 }, (_, k) => 2.5 * k - 50);
    const limiter = one({ max_acceleration: 0.5 });
    limiter.reset(Float32Array.of(-60));
    const got = through(limiter, ramp);
    expect(got.slice(-10)).toEqual(ramp.slice(-10));
  });
});

describe("an entry that is not finite", () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "counts as limited and becomes the last action again: %s",
    (value) => {
      const limiter = one();
      const out = new Float32Array(1);
      limiter.limit(Float32Array.of(7), out);
      expect(limiter.limit(Float32Array.of(value), out)).toBe(1);
      expect(out[0]).toBe(7);
    },
  );

  test("is no action as long as there is none to keep, and leaves everything as it was", () => {
    const limiter = new Limiter([entry(), entry()], SECOND);
    const out = Float32Array.of(-1, -1);
    expect(limiter.limit(Float32Array.of(3, Number.NaN), out)).toBeUndefined();
    expect(Array.from(out)).toEqual([-1, -1]);
    expect(limiter.stopping(out)).toBe(false);
    expect(Array.from(out)).toEqual([-1, -1]);
  });

  test("is the value of standstill before the first action, where the manifest names one", () => {
    expect(through(one({ at_rest: 0 }), [Number.NaN])).toEqual([0]);
  });

  test("among measured values leaves that one open", () => {
    const limiter = new Limiter([entry({ max_rate: 1 }), entry({ max_rate: 1 })], SECOND);
    limiter.reset(Float32Array.of(Number.NaN, 5));
    const out = new Float32Array(2);
    limiter.limit(Float32Array.of(50, 50), out);
    expect(Array.from(out)).toEqual([50, 6]);
  });
});

describe("a controlled stop", () => {
  test("stands still at once without an acceleration limit", () => {
    const limiter = one({ max_rate: 10 });
    through(limiter, [0, 5, 10]);
    expect(stop(limiter, 2)).toEqual([10, 10]);
  });

  test("brakes as hard as the acceleration limit allows", () => {
    const limiter = one({ max_acceleration: 1 });
    through(limiter, [0, 1, 3, 6]);
    expect(stop(limiter, 4)).toEqual([8, 9, 9, 9]);
  });

  test("goes on to the value of standstill under the rate limit", () => {
    const limiter = one({ max_rate: 4, at_rest: 0 });
    through(limiter, [4, 8, 9]);
    expect(stop(limiter, 4)).toEqual([5, 1, 0, 0]);
  });

  test("goes to the value of standstill at once without limits", () => {
    const limiter = one({ at_rest: 0.5 });
    through(limiter, [9]);
    expect(stop(limiter, 1)).toEqual([0.5]);
  });

  test("lets what comes afterwards begin where it ended", () => {
    const limiter = one({ max_acceleration: 1 });
    through(limiter, [0, 1, 3, 6]);
    stop(limiter, 3);
    expect(through(limiter, [9, 20])).toEqual([9, 10]);
  });
});

describe("whatever is asked for", () => {
  /** Evenly over the interval: fc.double() takes nearly all its values from around 0. */
  const evenly = (min: number, max: number) =>
    fc.integer({ min: 0, max: 1e6 }).map((share) => min + (share / 1e6) * (max - min));
  const limits = fc.option(
    evenly(-3, 3).map((exponent) => 10 ** exponent),
    { nil: undefined },
  );
  const entries = fc
    .record({
      min: evenly(-1e3, 1e3),
      extent: evenly(0.1, 1e3),
      rate: limits,
      acceleration: limits,
      rest: fc.option(evenly(0, 1), { nil: undefined }),
    })
    .map(({ min, extent, rate, acceleration, rest }) =>
      entry({
        min,
        max: min + extent,
        ...(rate ? { max_rate: rate } : {}),
        ...(acceleration ? { max_acceleration: acceleration } : {}),
        ...(rest === undefined ? {} : { at_rest: min + rest * extent }),
      }),
    );
  const periods = fc.constantFrom(1, 20, 100, 1000);
  const value = fc.oneof({ weight: 6, arbitrary: evenly(-2500, 2500) }, { weight: 2, arbitrary: fc.float() });
  /** Long enough runs of one value to get somewhere; "stop" for a step of a controlled stop. */
  const inputs = fc
    .array(fc.tuple(fc.oneof(value, value, fc.constant("stop" as const)), fc.integer({ min: 1, max: 30 })), {
      minLength: 1,
      maxLength: 12,
    })
    .map((runs) => runs.flatMap(([wanted, times]) => Array.from({ length: times }, () => wanted)));

  /** Between two float32 within the limits. */
  const grain = ({ min, max }: ActionEntry) => Math.max(Math.abs(min), Math.abs(max)) * 2 ** -23;

  function run(
    action: ActionEntry,
    period: number,
    asked: readonly (number | "stop")[],
  ): Limiter & { seen: number[] } {
    const limiter = new Limiter([action], period);
    const out = new Float32Array(1);
    const seen: number[] = [];
    for (const wanted of asked) {
      const told =
        wanted === "stop" ? limiter.stopping(out) || undefined : limiter.limit(Float32Array.of(wanted), out);
      if (told !== undefined) seen.push(out[0]);
    }
    return Object.assign(limiter, { seen });
  }

  test("range, rate and acceleration hold", () => {
    fc.assert(
      fc.property(entries, periods, inputs, (action, period, asked) => {
        const { seen } = run(action, period, asked);
        const rate = ((action.max_rate ?? Number.POSITIVE_INFINITY) * period) / 1000;
        const acceleration = (action.max_acceleration ?? Number.POSITIVE_INFINITY) * (period / 1000) ** 2;
        const rounding = grain(action);
        const steps = seen.slice(1).map((now, k) => now - seen[k]);
        const changes = steps.slice(1).map((now, k) => now - steps[k]);
        expect(seen.filter((now) => !(now >= action.min && now <= action.max))).toEqual([]);
        expect(steps.filter((step) => Math.abs(step) > rate + rounding)).toEqual([]);
        expect(changes.filter((change) => Math.abs(change) > acceleration + 2 * rounding)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test("what keeps to the limits passes unchanged", () => {
    const standing = entries.map(({ at_rest: _, ...action }) => action);
    fc.assert(
      fc.property(standing, periods, inputs, (action, period, asked) => {
        // What one limiter has let through, another with room for its rounding has nothing to object to.
        const { seen } = run(action, period, asked);
        const { min, max, max_rate, max_acceleration } = action;
        const rounding = 4 * grain(action);
        const wider = entry({
          // Braking for the ends of the range is another matter.
          min: min - 1e6,
          max: max + 1e6,
          ...(max_rate ? { max_rate: max_rate + rounding / (period / 1000) } : {}),
          ...(max_acceleration
            ? { max_acceleration: max_acceleration + rounding / (period / 1000) ** 2 }
            : {}),
        });
        const again = new Limiter([wider], period);
        expect(through(again, seen)).toEqual(seen);
      }),
    );
  });

  /** Steps within which any distance in the range can be covered, from any velocity: brake, turn round, brake again. */
  function enough(action: ActionEntry, period: number): number {
    const extent = action.max - action.min;
    const rate = ((action.max_rate ?? Number.POSITIVE_INFINITY) * period) / 1000;
    const acceleration = (action.max_acceleration ?? Number.POSITIVE_INFINITY) * (period / 1000) ** 2;
    return Math.ceil(4 * Math.sqrt((2 * extent) / acceleration) + extent / rate + 8);
  }
  const lively = entries.filter((action) => enough(action, 100) < 5000);

  test("a stop comes to rest within the steps that its limits imply", () => {
    fc.assert(
      fc.property(lively, inputs, (action, asked) => {
        const limiter = run(action, 100, asked);
        fc.pre(limiter.seen.length > 0);
        const steps = enough(action, 100);
        const rest = stop(limiter, steps + 5).slice(steps);
        expect(new Set(rest).size).toBe(1);
        const { lowest, highest } = float32Limits(action);
        if (typeof action.at_rest === "number") {
          expect(rest[0]).toBe(Math.fround(Math.min(highest, Math.max(lowest, action.at_rest))));
        }
      }),
    );
  });

  test("a constant wish is reached and then kept", () => {
    fc.assert(
      fc.property(lively, inputs, evenly(0, 1), (action, asked, share) => {
        const limiter = run(action, 100, asked);
        const { lowest, highest } = float32Limits(action);
        const goal = Math.min(
          highest,
          Math.max(lowest, Math.fround(action.min + share * (action.max - action.min))),
        );
        const steps = enough(action, 100);
        const end = through(
          limiter,
          Array.from({ length: steps + 5 }, () => goal),
        ).slice(steps);
        expect(new Set(end)).toEqual(new Set([goal]));
      }),
    );
  });
});

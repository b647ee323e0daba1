import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CommandSpline } from "../../src/control/spline.js";
import type { ActionEntry } from "../../src/policy/manifest.js";

const PERIOD = 100;
const MIN = -10;
const MAX = 10;
const entry = (min = MIN, max = MAX): ActionEntry => ({ name: "x", unit: "m", min, max });
const splineOf = (...entries: ActionEntry[]) =>
  new CommandSpline(entries.length > 0 ? entries : [entry()], PERIOD);

function sample(spline: CommandSpline, u: number): { command: number; velocity: number } {
  const command = new Float32Array(1);
  const velocity = new Float32Array(1);
  spline.at(u, command, velocity);
  return { command: command[0], velocity: velocity[0] };
}

/** Evenly over the interval: fc.double() takes nearly all its values from around 0. */
const evenly = (min: number, max: number) =>
  fc.integer({ min: 0, max: 1e6 }).map((share) => Math.fround(min + (share / 1e6) * (max - min)));
const action = fc.oneof(
  evenly(MIN, MAX),
  fc.constantFrom(MIN, MAX),
  fc.float({ min: MIN, max: MAX, noNaN: true }),
);
const actions = fc.array(action, { minLength: 2, maxLength: 20 });
/** What is ahead at each step, the plan being another one at every step. */
const plans = fc.array(fc.array(action, { minLength: 1, maxLength: 5 }), { minLength: 2, maxLength: 10 });
const fraction = evenly(0, 1);

/** Follows one plan, which never changes, step by step. */
function followed(values: readonly number[], watch: (spline: CommandSpline, step: number) => void): void {
  const spline = splineOf();
  for (let step = 0; step < values.length; step++) {
    spline.begin(Float32Array.from(values.slice(step)));
    watch(spline, step);
  }
}

test("has nothing to command before the first step", () => {
  expect(() => sample(splineOf(), 0)).toThrow("call begin() first");
  expect(() => splineOf().begin(new Float32Array(0))).toThrow("give it the action to stand at");
});

test("stands still at a lone action", () => {
  const spline = splineOf();
  spline.begin(Float32Array.of(3));
  expect([0, 0.4, 1].map((u) => sample(spline, u))).toEqual(
    [3, 3, 3].map((command) => ({ command, velocity: 0 })),
  );
});

test("follows a line as a line, at its velocity in units per second", () => {
  followed([0, 1, 2, 3, 4, 5], (spline, step) => {
    // The first step starts from standstill, the last ones come to rest.
    if (step < 1 || step > 3) return;
    expect(sample(spline, 0.3).command).toBeCloseTo(step + 0.3, 6);
    expect(sample(spline, 0.3).velocity).toBeCloseTo(1 / (PERIOD / 1000), 5);
  });
});

test("keeps the entries of an action apart", () => {
  const spline = splineOf(entry(), entry());
  spline.begin(Float32Array.of(0, 5, 0, 6, 0, 7));
  const command = new Float32Array(2);
  spline.at(1, command);
  expect(Array.from(command)).toEqual([0, 6]);
});

test("starts from standstill at the next action after a reset", () => {
  const spline = splineOf();
  spline.begin(Float32Array.of(0, 5, 10));
  spline.reset();
  spline.begin(Float32Array.of(-3, 2, 4));
  expect(sample(spline, 0)).toEqual({ command: -3, velocity: 0 });
});

describe("a plan that stays as it is", () => {
  test("has its actions commanded exactly", () => {
    fc.assert(
      fc.property(actions, (values) => {
        followed(values, (spline, step) => {
          expect(sample(spline, 0).command === values[step]).toBe(true);
          expect(sample(spline, 1).command === values[Math.min(step + 1, values.length - 1)]).toBe(true);
        });
      }),
    );
  });

  test("is commanded between its actions, rising and falling as it does", () => {
    fc.assert(
      fc.property(actions, fraction, fraction, (values, u, w) => {
        followed(values, (spline, step) => {
          const [here, next] = [values[step], values[step + 1] ?? values[step]];
          const [early, late] = [Math.min(u, w), Math.max(u, w)].map((at) => sample(spline, at).command);
          const ahead = next >= here ? [here, early, late, next] : [next, late, early, here];
          ahead.slice(1).forEach((value, k) => {
            expect(value - ahead[k]).toBeGreaterThanOrEqual(-1e-6);
          });
        });
      }),
    );
  });
});

describe("a plan that changes at every step", () => {
  test("is commanded without a jump in position or velocity", () => {
    fc.assert(
      fc.property(plans, (all) => {
        const spline = splineOf();
        let end: { command: number; velocity: number } | undefined;
        for (const ahead of all) {
          spline.begin(Float32Array.from(ahead));
          const start = sample(spline, 0);
          if (end) {
            expect(start.command === end.command).toBe(true);
            expect(start.velocity).toBeCloseTo(end.velocity, 4);
          }
          end = sample(spline, 1);
        }
      }),
    );
  });

  test("is met again at the next action", () => {
    fc.assert(
      fc.property(plans, (all) => {
        const spline = splineOf();
        for (const ahead of all) {
          spline.begin(Float32Array.from(ahead));
          const next = Float32Array.from(ahead)[Math.min(1, ahead.length - 1)];
          expect(sample(spline, 1).command === next).toBe(true);
        }
      }),
    );
  });

  test("is commanded inside the limits", () => {
    // Ends that are no float32, and plans that touch them.
    const [min, max] = [0.1, 0.3];
    const inside = fc
      .oneof(fraction, fc.constantFrom(0, 1))
      .map((share) =>
        Math.min(0.30000001192092896 - 2 ** -25, Math.max(Math.fround(0.1), min + share * (max - min))),
      );
    const near = fc.array(fc.array(inside, { minLength: 1, maxLength: 5 }), { minLength: 2, maxLength: 10 });
    fc.assert(
      fc.property(near, (all) => {
        const spline = splineOf(entry(min, max));
        for (const ahead of all) {
          spline.begin(Float32Array.from(ahead));
          for (let k = 0; k <= 16; k++) {
            const { command } = sample(spline, k / 16);
            expect(command).toBeGreaterThanOrEqual(min);
            expect(command).toBeLessThanOrEqual(max);
          }
        }
      }),
    );
  });

  test("is commanded at the limits where the plan itself leaves them", () => {
    const spline = splineOf();
    spline.begin(Float32Array.of(2 * MIN, 2 * MAX));
    expect([0, 1].map((u) => sample(spline, u).command)).toEqual([MIN, MAX]);
  });

  test("stays inside the limits by its shape, not by being cut off there", () => {
    fc.assert(
      fc.property(plans, fraction, (all, u) => {
        const [tight, wide] = [splineOf(), splineOf(entry(10 * MIN, 10 * MAX))];
        for (const ahead of all) {
          for (const spline of [tight, wide]) spline.begin(Float32Array.from(ahead));
          expect(sample(wide, u).command).toBeCloseTo(sample(tight, u).command, 5);
        }
      }),
    );
  });
});

test("the velocity is the derivative of the commands", () => {
  fc.assert(
    fc.property(plans, evenly(0.01, 0.99), (all, u) => {
      const spline = splineOf();
      for (const ahead of all) {
        spline.begin(Float32Array.from(ahead));
        const by = 1e-2;
        const difference = sample(spline, u + by).command - sample(spline, u - by).command;
        // The third derivative of a cubic between such actions is at most 12 · 20 + 6 · 20 per step³.
        const error = (360 * by ** 2) / 6 / (PERIOD / 1000);
        const slope = difference / (2 * by) / (PERIOD / 1000);
        expect(Math.abs(sample(spline, u).velocity - slope)).toBeLessThanOrEqual(error + 1e-2);
      }
    }),
  );
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Blend, BlendKind } from "../../src/control/blend.js";
import { Plan } from "../../src/control/plan.js";

const NONE: Blend = { kind: "none", steps: 0 };
const planOf = (blend = NONE, width = 1) => new Plan({ width, rows: 20, blend });
const chunk = (order: number, step: number, values: readonly number[], executed = values.length) => ({
  order,
  step,
  actions: Float32Array.from(values),
  executed,
});
const ramp = (order: number, step: number, rows: number, value: (step: number) => number) =>
  chunk(
    order,
    step,
    Array.from({ length: rows }, (_, k) => value(step + k)),
  );
const at = (plan: Plan, step: number) => plan.actionAt(step)?.[0];

describe("a plan", () => {
  test("says nothing before its first chunk", () => {
    const plan = planOf();
    expect([plan.actionAt(0), plan.origin(0), plan.end, plan.freshUntil]).toEqual([
      undefined,
      undefined,
      0,
      0,
    ]);
    expect(plan.aheadFrom(0)).toHaveLength(0);
  });

  test("gives row k of a chunk to step + k, all entries of it", () => {
    const plan = planOf(NONE, 2);
    expect(plan.adopt(chunk(0, 10, [1, 2, 3, 4, 5, 6], 2), 10)).toBe(true);
    expect([10, 11, 12].map((step) => Array.from(plan.actionAt(step) ?? []))).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(Array.from(plan.aheadFrom(11))).toEqual([3, 4, 5, 6]);
    expect([plan.actionAt(9), plan.actionAt(13), plan.end, plan.freshUntil]).toEqual([
      undefined,
      undefined,
      13,
      12,
    ]);
    expect([plan.origin(9), plan.origin(12), plan.origin(13)]).toEqual([undefined, 0, undefined]);
  });

  test("skips the rows that come late", () => {
    const plan = planOf();
    plan.adopt(chunk(0, 10, [0, 1, 2, 3, 4], 3), 12);
    expect([11, 12, 13].map((step) => at(plan, step))).toEqual([undefined, 2, 3]);
    expect(plan.freshUntil).toBe(13);
  });

  test("leaves what it gave out alone", () => {
    const plan = planOf();
    const first = chunk(0, 0, [1, 2, 3]);
    plan.adopt(first, 0);
    first.actions.fill(9);
    const ahead = plan.aheadFrom(0);
    plan.adopt(chunk(1, 0, [4, 5, 6]), 0);
    plan.adopt(chunk(2, 0, [7, 8, 9]), 0);
    expect(Array.from(ahead)).toEqual([1, 2, 3]);
  });

  const REFUSED: [what: string, order: number, step: number, from: number][] = [
    ["has only late rows", 6, 0, 3],
    ["begins after the next step", 6, 4, 3],
    ["is older than the one in hand", 4, 2, 3],
    ["would have steps go back", 6, 0, 1],
  ];
  test.each(REFUSED)("refuses a chunk that %s, and stays as it was", (_what, order, step, from) => {
    const plan = planOf();
    plan.adopt(chunk(5, 2, [20, 30, 40], 2), 2);
    expect(plan.adopt(chunk(order, step, [7, 8, 9], 3), from)).toBe(false);
    expect(Array.from(plan.aheadFrom(2))).toEqual([20, 30, 40]);
    expect([plan.origin(2), plan.end, plan.freshUntil]).toEqual([5, 5, 4]);
  });

  test("takes a better iterate of the chunk in hand", () => {
    const plan = planOf();
    plan.adopt(chunk(3, 0, [1, 1]), 0);
    expect(plan.adopt(chunk(3, 0, [2, 2]), 1)).toBe(true);
    expect(at(plan, 1)).toBe(2);
  });

  test("forgets everything on clear, so that another episode can count from 0 again", () => {
    const plan = planOf({ kind: "linear", steps: 4 });
    plan.adopt(chunk(5, 100, [1, 2]), 100);
    plan.clear();
    expect([plan.actionAt(100), plan.end, plan.freshUntil]).toEqual([undefined, 0, 0]);
    expect(plan.adopt(chunk(0, 0, [8, 9]), 0)).toBe(true);
    expect([at(plan, 0), at(plan, 1)]).toEqual([8, 9]);
  });
});

describe("a blended seam", () => {
  const linear: Blend = { kind: "linear", steps: 4 };

  test("goes over from what the plan said of the same step, counted from the last step before it", () => {
    const plan = planOf(linear);
    plan.adopt(
      ramp(0, 0, 10, (step) => step),
      0,
    );
    plan.adopt(
      ramp(1, 2, 10, (step) => step + 8),
      3,
    );
    expect([3, 4, 5, 6, 7].map((step) => at(plan, step))).toEqual([3 + 2, 4 + 4, 5 + 6, 6 + 8, 7 + 8]);
    expect([plan.origin(3), plan.end]).toEqual([1, 12]);
  });

  test("holds the old plan's last action where that has ended", () => {
    const plan = planOf(linear);
    plan.adopt(chunk(0, 0, [0, 4]), 0);
    plan.adopt(chunk(1, 3, [8, 8, 8, 8]), 3);
    expect([3, 4, 5, 6].map((step) => at(plan, step))).toEqual([5, 6, 7, 8]);
  });

  test("starts where the robot was held instead of where the plan would have had it", () => {
    const plan = planOf(linear);
    plan.adopt(chunk(0, 0, [0, 100, 200, 300, 400]), 0);
    plan.hold(1, Float32Array.of(4));
    expect([plan.actionAt(1), plan.end, plan.freshUntil]).toEqual([undefined, 1, 1]);
    plan.adopt(chunk(1, 2, [8, 8, 8, 8]), 2);
    expect([2, 3, 4, 5].map((step) => at(plan, step))).toEqual([5, 6, 7, 8]);
  });

  test("joins on to a robot that was held before it had any plan", () => {
    const plan = planOf(linear);
    plan.hold(0, Float32Array.of(0));
    plan.adopt(chunk(0, 0, [4, 4, 4, 4]), 0);
    expect([0, 1, 2, 3].map((step) => at(plan, step))).toEqual([1, 2, 3, 4]);
  });

  /** Evenly over the interval: fc.double() takes nearly all its values from around 0. */
  const evenly = (min: number, max: number) =>
    fc.integer({ min: 0, max: 1e6 }).map((share) => min + (share / 1e6) * (max - min));
  const wave = fc.record({
    height: evenly(-100, 100),
    middle: evenly(-200, 200),
    pace: evenly(0.01, 0.5),
    phase: evenly(0, 6),
  });
  type Wave = { height: number; middle: number; pace: number; phase: number };
  const valueAt = (w: Wave) => (step: number) => w.middle + w.height * Math.sin(w.pace * step + w.phase);
  const ROWS = 20;
  const SEAM = 8;

  /** The actions executed when one wave takes over from another at step SEAM. */
  function executed(old: Wave, next: Wave, blend: Blend): number[] {
    const plan = planOf(blend);
    plan.adopt(ramp(0, 0, ROWS, valueAt(old)), 0);
    const before = Array.from({ length: SEAM }, (_, step) => at(plan, step) as number);
    plan.adopt(ramp(1, SEAM, ROWS, valueAt(next)), SEAM);
    return [...before, ...Array.from({ length: ROWS }, (_, k) => at(plan, SEAM + k) as number)];
  }

  /** Jumps of the velocity, from the step before the seam to `steps` after it. */
  function jumps(actions: readonly number[], steps: number): number {
    const around = Array.from({ length: steps + 2 }, (_, k) => SEAM - 1 + k);
    return Math.max(...around.map((s) => Math.abs(actions[s + 1] - 2 * actions[s] + actions[s - 1])));
  }

  test("bends no more than the two plans, their distance over steps² and their relative velocity over steps ask for", () => {
    fc.assert(
      fc.property(wave, wave, fc.integer({ min: 2, max: 12 }), (old, next, steps) => {
        const [a, b] = [valueAt(old), valueAt(next)];
        const around = Array.from({ length: steps + 3 }, (_, k) => SEAM - 2 + k);
        const worst = (f: (step: number) => number) => Math.max(...around.map((s) => Math.abs(f(s))));
        const bend = (f: (step: number) => number) => worst((s) => f(s + 1) - 2 * f(s) + f(s - 1));
        const bound =
          Math.max(bend(a), bend(b)) +
          (2 * (15 / 8) * worst((s) => b(s + 1) - a(s + 1) - b(s) + a(s))) / steps +
          (5.7736 * worst((s) => b(s + 1) - a(s + 1))) / steps ** 2;
        expect(jumps(executed(old, next, { kind: "quintic", steps }), steps)).toBeLessThanOrEqual(
          bound + 1e-3,
        );
      }),
    );
  });

  test("between parallel plans jumps 5.8 / steps² as much as an unblended one", () => {
    fc.assert(
      fc.property(wave, evenly(1, 100), fc.integer({ min: 2, max: 12 }), (old, by, steps) => {
        const flat = { ...old, height: 0 };
        const next = { ...flat, middle: flat.middle + by };
        const plain = jumps(executed(flat, next, NONE), steps);
        const blended = jumps(executed(flat, next, { kind: "quintic", steps }), steps);
        expect(plain).toBeCloseTo(by, 3);
        expect(blended).toBeLessThanOrEqual((5.7736 / steps ** 2) * plain + 1e-3);
      }),
    );
  });

  test("moves first by the old plan's increment and a term that vanishes with the weight", () => {
    fc.assert(
      fc.property(wave, wave, fc.integer({ min: 4, max: 12 }), (old, next, steps) => {
        const actions = executed(old, next, { kind: "quintic", steps });
        const [a, b] = [valueAt(old), valueAt(next)];
        const off = actions[SEAM] - actions[SEAM - 1] - (a(SEAM) - a(SEAM - 1));
        expect(Math.abs(off)).toBeLessThanOrEqual((10 / steps ** 3) * Math.abs(b(SEAM) - a(SEAM)) + 1e-3);
      }),
    );
  });
});

describe("over any schedule of chunks", () => {
  const ROWS = 16;
  const blends = fc.record({
    kind: fc.constantFrom<BlendKind>("none", "linear", "quintic"),
    steps: fc.nat(10),
  });
  /** Chunks in the order in which they were asked for: steps apart, and steps until they arrive. */
  const schedule = fc.array(
    fc.record({
      apart: fc.nat(6),
      delay: fc.nat(20),
      level: fc.float({ noNaN: true, noDefaultInfinity: true }),
    }),
    {
      minLength: 1,
      maxLength: 30,
    },
  );

  interface Arrival {
    readonly order: number;
    readonly step: number;
    readonly level: number;
    readonly delay: number;
  }

  function arrivals(chunks: readonly { apart: number; delay: number; level: number }[]): Arrival[] {
    let step = 0;
    return chunks.map(({ apart, delay, level }, order) => {
      step += apart;
      return { order, step, delay, level };
    });
  }

  /** Executes step after step; `rows` makes a chunk. */
  function execute(
    chunks: readonly Arrival[],
    plan: Plan,
    rows: (chunk: Arrival) => number[],
    watch: (step: number, arrived: { readonly chunk: Arrival; readonly adopted: boolean }[]) => void,
  ): void {
    const last = Math.max(...chunks.map(({ step, delay }) => step + delay)) + ROWS + 1;
    for (let step = 0; step < last; step++) {
      const due = chunks.filter((c) => c.step + c.delay === step);
      const arrived = due.map((c) => ({
        chunk: c,
        adopted: plan.adopt(chunk(c.order, c.step, rows(c), 8), step),
      }));
      watch(step, arrived);
    }
  }

  test("an action is only executed in its own step, of the newest chunk that has arrived for it", () => {
    fc.assert(
      fc.property(schedule, (random) => {
        const chunks = arrivals(random);
        const tell = (order: number, step: number) => order * 1000 + step;
        const rows = (c: Arrival) => Array.from({ length: ROWS }, (_, k) => tell(c.order, c.step + k));
        let newest: Arrival | undefined;
        const plan = planOf();
        execute(chunks, plan, rows, (step, arrived) => {
          for (const { chunk: c, adopted } of arrived) {
            const wanted = c.delay < ROWS && c.order >= (newest?.order ?? 0);
            expect(adopted).toBe(wanted);
            if (wanted) newest = c;
          }
          const covered = newest && step < newest.step + ROWS;
          expect(at(plan, step)).toBe(covered && newest ? tell(newest.order, step) : undefined);
          expect(plan.origin(step)).toBe(covered ? newest?.order : undefined);
          expect(plan.end).toBe(newest ? newest.step + ROWS : 0);
          expect(plan.freshUntil).toBe(newest ? newest.step + 8 : 0);
          expect(plan.aheadFrom(step)).toHaveLength(covered && newest ? newest.step + ROWS - step : 0);
        });
      }),
    );
  });

  test("a blended action lies between what the plan said and what the chunk says, and so within their limits", () => {
    fc.assert(
      fc.property(schedule, blends, (random, blend) => {
        const chunks = arrivals(random);
        const rows = (c: Arrival) => Array.from({ length: ROWS }, (_, k) => c.level * (1 - k / ROWS));
        const plan = planOf(blend);
        let before = new Map<number, number>();
        let held: number | undefined;
        execute(chunks, plan, rows, (step, arrived) => {
          const after = new Map<number, number>();
          for (let s = step; s < plan.end; s++) after.set(s, at(plan, s) as number);
          const adopted = arrived.filter((a) => a.adopted);
          if (adopted.length === 1) {
            const values = Float32Array.from(rows(adopted[0].chunk));
            for (const [s, value] of after) {
              const wanted = values[s - adopted[0].chunk.step];
              const was = before.get(s) ?? held ?? wanted;
              expect(value).toBeGreaterThanOrEqual(Math.min(was, wanted));
              expect(value).toBeLessThanOrEqual(Math.max(was, wanted));
            }
          }
          before = after;
          held = [...after.values()].at(-1) ?? held;
        });
      }),
    );
  });
});

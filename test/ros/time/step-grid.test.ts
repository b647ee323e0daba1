import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StepGrid } from "../../../src/ros/time/step-grid.js";

const PERIOD = 100;

/** The steps that a run of instants gives. */
function stepsOf(instants: readonly number[]): { step: number; instant: number }[] {
  const grid = new StepGrid(PERIOD);
  return instants.flatMap((instant) => {
    grid.pass(instant);
    return grid.isDue(instant) ? [{ step: grid.take(instant), instant }] : [];
  });
}

/** Numbers in [-1, 1), the same for a seed. */
function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Instants at a rate, each off its moment by at most `jitterMs`. */
function instantsAt(hz: number, count: number, jitterMs: number, seed: number): number[] {
  const off = noise(seed);
  return Array.from({ length: count }, (_, k) => 5000 + (k * 1000) / hz + jitterMs * off());
}

const seeds = fc.nat();

describe("control steps", () => {
  it("are the messages of a 10 Hz sensor, one by one, with 20 ms of jitter and a clock that is 1 % off", () => {
    fc.assert(
      fc.property(seeds, fc.double({ min: -0.01, max: 0.01, noNaN: true }), (seed, drift) => {
        const instants = instantsAt(10 * (1 + drift), 500, 20, seed);
        expect(stepsOf(instants).map(({ step }) => step)).toEqual(instants.map((_, k) => k));
      }),
      { numRuns: 30 },
    );
  });

  it("are those of a sensor with 25 ms of jitter for ten minutes", () => {
    const instants = instantsAt(10, 6000, 25, 7);
    expect(stepsOf(instants).map(({ step }) => step)).toEqual(instants.map((_, k) => k));
  });

  it("keep the policy's rate at whatever higher rate instants come, however they jitter", () => {
    fc.assert(
      fc.property(
        seeds,
        fc.double({ min: 12, max: 1000, noNaN: true }),
        fc.double({ min: 0, max: 0.3, noNaN: true }),
        (seed, hz, jitter) => {
          const instants = instantsAt(hz, Math.ceil(30 * hz), (jitter * 1000) / hz, seed);
          const taken = stepsOf(instants);
          const elapsed = (instants[instants.length - 1] - instants[0]) / PERIOD;
          const { step } = taken[taken.length - 1];
          expect(Math.abs(step - elapsed)).toBeLessThanOrEqual(1.5);
          // Where a message is due at every step, however late it is.
          if (hz >= 20 && jitter <= 0.2) expect(taken.length).toBe(step + 1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([100, 1000])(
    "of a %i Hz sensor are off the policy's rate by less than 0.01 %% for ten minutes",
    (hz) => {
      const taken = stepsOf(instantsAt(hz, 600 * hz, 300 / hz, 3));
      const { step, instant } = taken[taken.length - 1];
      expect(step / ((instant - taken[0].instant) / PERIOD)).toBeCloseTo(1, 4);
      expect(taken.length).toBe(step + 1);
    },
  );

  it("take the instant nearest to their moment", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 15, max: 300 }), (seed, hz) => {
        const taken = stepsOf(instantsAt(hz, 20 * hz, 0, seed)).slice(5);
        for (const { step, instant } of taken) {
          const moment = 5000 + step * PERIOD;
          expect(Math.abs(instant - moment)).toBeLessThanOrEqual(500 / hz + 15);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("that no instant belongs to are passed over", () => {
    expect(stepsOf([0, 100, 200, 730, 790, 900]).map(({ step }) => step)).toEqual([0, 1, 2, 7, 8, 9]);
  });

  it("go on at the time's pace when the sensor is slower than the policy", () => {
    const taken = stepsOf(instantsAt(4, 400, 0, 0));
    const { step, instant } = taken[taken.length - 1];
    expect(taken.length).toBe(400);
    expect(Math.abs(step - (instant - 5000) / PERIOD)).toBeLessThanOrEqual(1);
  });

  it("only ever increase, whatever the instants", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { maxLength: 200 }), (gaps) => {
        let at = 0;
        const instants = gaps.map((gap) => {
          at += gap;
          return at;
        });
        const steps = stepsOf(instants).map(({ step }) => step);
        for (let k = 1; k < steps.length; k++) expect(steps[k]).toBeGreaterThan(steps[k - 1]);
      }),
    );
  });

  it("begin at 0 again after a clear", () => {
    const grid = new StepGrid(PERIOD);
    for (const instant of [0, 100, 200]) {
      grid.pass(instant);
      grid.take(instant);
    }
    expect(grid.step).toBe(2);
    grid.clear();
    expect([grid.step, grid.isDue(-5000), grid.take(-5000)]).toEqual([-1, true, 0]);
  });
});

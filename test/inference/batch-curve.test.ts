import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { costOf, measureBatchCurve, timeCalls } from "../../src/inference/batch-curve.js";
import type { PolicyNetwork } from "../../src/inference/policy-network.js";

/** A network on a clock of its own: a call takes what `costMs` says, and nothing else takes time. */
function clockwork(costMs: (batch: number, call: number) => number, thresholds: readonly number[] = []) {
  let time = 0;
  const calls: number[] = [];
  const network: Pick<PolicyNetwork, "shape" | "predictNoise" | "thresholds"> = {
    shape: { horizon: 2, dim: 3 },
    thresholds,
    async predictNoise(states, levels, rows, out) {
      expect(states.length).toBeGreaterThanOrEqual(rows * 6);
      expect(out.length).toBeGreaterThanOrEqual(rows * 6);
      expect(levels.length).toBeGreaterThanOrEqual(rows);
      // A schedule may have fewer levels than a batch has rows.
      expect(Math.max(...levels)).toBe(0);
      calls.push(rows);
      time += costMs(rows, calls.filter((batch) => batch === rows).length);
    },
  };
  return { network, calls, now: () => time };
}

describe("measuring", () => {
  test("finds what every size costs, up to the policy's levels", async () => {
    const { network, now } = clockwork((batch) => 1 + batch / 100);
    const curve = await measureBatchCurve(network, 100, now);
    expect(curve.map(({ batch }) => batch)).toEqual([1, 2, 4, 8, 10, 16, 20, 32, 50, 64, 100]);
    for (const { batch, ms } of curve) expect(ms).toBeCloseTo(1 + batch / 100, 9);
  });

  test.each([
    [1, [1]],
    [7, [1, 2, 4, 7]],
    [150, [1, 2, 4, 8, 10, 16, 20, 32, 50, 64, 100, 150]],
  ])("never asks for more than %i levels", async (most, sizes) => {
    const { network, now } = clockwork(() => 1);
    expect((await measureBatchCurve(network, most, now)).map(({ batch }) => batch)).toEqual(sizes);
  });

  test("does not count the first call of a size", async () => {
    const { network, now } = clockwork((_, call) => (call === 1 ? 50 : 2));
    for (const { ms } of await measureBatchCurve(network, 20, now)) expect(ms).toBeCloseTo(2, 9);
  });

  test("is not led astray by a few disturbed calls", async () => {
    const { network, now } = clockwork((batch, call) => (call % 4 === 0 ? 90 : batch / 10));
    for (const { batch, ms } of await measureBatchCurve(network, 20, now))
      expect(ms).toBeCloseTo(batch / 10, 9);
  });

  test("counts a size that came out dearer than a larger one as dear as that", async () => {
    const { network, now } = clockwork((batch) => (batch === 10 ? 9 : batch / 10));
    const curve = await measureBatchCurve(network, 20, now);
    expect(costOf(curve, 10)).toBeCloseTo(1.6, 9);
  });

  test("stays near its limit on a slow device, with the smallest and largest size at least", async () => {
    for (const perSample of [1, 3, 10, 50]) {
      const { network, calls, now } = clockwork((batch) => perSample * batch);
      const curve = await measureBatchCurve(network, 100, now);
      expect(curve.length).toBeGreaterThanOrEqual(2);
      expect([curve[0].batch, curve[curve.length - 1].batch]).toEqual([1, 100]);
      // No more than four passes over what could be warmed up, once the limit is gone.
      expect(now()).toBeLessThanOrEqual(Math.max(2200, 4 * 101 * perSample * 1.7));
      expect(calls.filter((batch) => batch === 100).length).toBeGreaterThanOrEqual(4);
    }
  });

  test("makes the calls it is asked for, round by round", async () => {
    const { network, calls, now } = clockwork(() => 1);
    const costs = await timeCalls(network, [3, 5], { warmups: 2, rounds: 2, now });
    expect(calls).toEqual([3, 3, 5, 5, 3, 3, 3, 5, 3, 3, 3, 5]);
    expect(costs).toEqual([
      { batch: 3, ms: 1 },
      { batch: 5, ms: 1 },
    ]);
  });
});

describe("the cost of a batch", () => {
  const curve = [
    { batch: 1, ms: 2 },
    { batch: 11, ms: 12 },
    { batch: 21, ms: 42 },
  ];

  test.each([
    [1, 2],
    [6, 7],
    [11, 12],
    [16, 27],
    [21, 42],
    [31, 72],
  ])("of %i is %f ms", (batch, ms) => {
    expect(costOf(curve, batch)).toBeCloseTo(ms, 9);
  });

  test("of a curve with one point is that point", () => {
    expect(costOf([{ batch: 1, ms: 3 }], 1)).toBe(3);
  });

  test("never falls as the batch grows", () => {
    const points = fc.array(
      fc.record({ step: fc.integer({ min: 1, max: 30 }), ms: fc.float({ min: 0, max: 9, noNaN: true }) }),
      {
        minLength: 1,
      },
    );
    fc.assert(
      fc.property(points, fc.nat(300), fc.nat(300), (steps, a, b) => {
        let [batch, ms] = [0, 0];
        const rising = steps.map((point) => {
          batch += point.step;
          ms += point.ms;
          return { batch, ms };
        });
        const [less, more] = [Math.min(a, b) + 1, Math.max(a, b) + 1];
        expect(costOf(rising, less)).toBeLessThanOrEqual(costOf(rising, more) + 1e-6);
      }),
    );
  });
});

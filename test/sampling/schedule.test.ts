import { expect, test } from "vitest";
import { squaredCosine } from "../../src/sampling/schedule.js";

/** Of diffusers' `squaredcos_cap_v2` with 100 levels, in double precision. */
const VECTORS = [
  { t: 0, beta: 0.00063128, signal: 9.99368718e-1 },
  { t: 1, beta: 0.00111694, signal: 9.98252486e-1 },
  { t: 10, beta: 0.00553037, signal: 9.66716705e-1 },
  { t: 25, beta: 0.01344914, signal: 8.35620577e-1 },
  { t: 50, beta: 0.03154634, signal: 4.78264633e-1 },
  { t: 75, beta: 0.07470115, signal: 1.3349481e-1 },
  { t: 90, beta: 0.18875144, signal: 1.95443764e-2 },
  { t: 98, beta: 0.74993928, signal: 2.42857228e-4 },
  { t: 99, beta: 0.999, signal: 2.42857228e-7 },
];

test.each(VECTORS)("is the schedule that policies are trained on, level $t", ({ t, beta, signal }) => {
  const schedule = squaredCosine(100);
  expect(schedule.beta[t]).toBeCloseTo(beta, 8);
  expect(schedule.signal[t] / signal).toBeCloseTo(1, 8);
});

test("leaves less signal at every noisier level", () => {
  const { levels, signal } = squaredCosine(37);
  expect(levels).toBe(37);
  expect(signal).toHaveLength(37);
  for (let t = 1; t < levels; t++) expect(signal[t]).toBeLessThan(signal[t - 1]);
});

test.each([0, -1, 1.5, Number.NaN])("refuses %s levels and says so", (levels) => {
  expect(() => squaredCosine(levels)).toThrow(`not ${levels}`);
});

import { expect, test } from "vitest";
import { ddpm } from "../../../src/sampling/rules/ddpm.js";
import { squaredCosine } from "../../../src/sampling/schedule.js";

const rule = ddpm(squaredCosine(100));

/** Posterior variance and the coefficients of the posterior mean, in double precision. */
const VECTORS = [
  { t: 1, variance: 4.034886e-4, state: 0.36104381, clean: 0.6389561 },
  { t: 10, variance: 4.637085e-3, state: 0.83615481, clean: 0.16382557 },
  { t: 25, variance: 1.251711e-2, state: 0.92441971, clean: 0.07529946 },
  { t: 50, variance: 3.060437e-2, state: 0.95471531, clean: 0.04249065 },
  { t: 75, variance: 7.377204e-2, state: 0.94996047, clean: 0.03274517 },
  { t: 90, variance: 1.87876e-1, state: 0.89651596, clean: 0.02988108 },
  { t: 98, variance: 7.493929e-1, state: 0.49969642, clean: 0.02337676 },
  { t: 99, variance: 9.987576e-1, state: 0.0316151, clean: 0.0155683 },
];

test.each(VECTORS)("takes the posterior mean and variance at level $t", ({ t, variance, state, clean }) => {
  const i = 99 - t;
  expect(rule.level[i]).toBe(t);
  expect(rule.noise[i] ** 2 / variance).toBeCloseTo(1, 6);
  expect(rule.state[i]).toBeCloseTo(state, 7);
  expect(rule.clean[i]).toBeCloseTo(clean, 7);
});

test("starts at the noisiest level and visits each one once", () => {
  expect(Array.from(rule.level)).toEqual(Array.from({ length: 100 }, (_, i) => 99 - i));
});

test("states the signal left at the level of each step", () => {
  expect(rule.signal[0]).toBeCloseTo(2.42857228e-7, 12);
  expect(rule.signal[99]).toBeCloseTo(9.99368718e-1, 9);
});

test("returns the last prediction itself, to the last bit, however many steps", () => {
  for (let levels = 1; levels <= 200; levels++) {
    const { steps, state, clean, noise } = ddpm(squaredCosine(levels));
    expect([state[steps - 1], clean[steps - 1], noise[steps - 1]]).toEqual([0, 1, 0]);
  }
});

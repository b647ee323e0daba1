import { expect, test } from "vitest";
import { fullGrid, levelGrid } from "../../../src/sampling/grid.js";
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

test("over all levels is the same with a grid as without", () => {
  expect(ddpm(squaredCosine(100), fullGrid(100))).toEqual(rule);
});

test("on a strided grid takes α = ᾱ/ᾱ' over the step, and ends on the last prediction", () => {
  const { signal } = squaredCosine(100);
  const strided = ddpm(squaredCosine(100), levelGrid(100, { steps: 10, spacing: "trailing" }));
  expect(Array.from(strided.level)).toEqual([99, 89, 79, 69, 59, 49, 39, 29, 19, 9]);
  const [noisy, clean] = [signal[49], signal[39]];
  const alpha = noisy / clean;
  expect(strided.state[5]).toBeCloseTo((Math.sqrt(alpha) * (1 - clean)) / (1 - noisy), 13);
  expect(strided.clean[5]).toBeCloseTo((Math.sqrt(clean) * (1 - alpha)) / (1 - noisy), 13);
  expect(strided.noise[5] ** 2).toBeCloseTo(((1 - alpha) * (1 - clean)) / (1 - noisy), 13);
  expect([strided.state[9], strided.clean[9], strided.noise[9]]).toEqual([0, 1, 0]);
});

test("refuses a grid that does not go from noisy to clean", () => {
  expect(() => ddpm(squaredCosine(100), Int32Array.of(10, 20))).toThrow("level 20 cannot follow 10");
});

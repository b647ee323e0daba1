import { expect, test } from "vitest";
import { gaussianMixture } from "../../src/sampling/analytic.js";
import { squaredCosine } from "../../src/sampling/schedule.js";

const schedule = squaredCosine(100);
const shape = { horizon: 2, dim: 1 };

function predict(modes: number[][], weights: number[], state: number[], level: number, clip = 1): number[] {
  const denoiser = gaussianMixture(
    shape,
    schedule,
    modes.map((mean, k) => ({ mean, weight: weights[k] })),
    0.3,
    clip,
  );
  const out = new Float64Array(2);
  denoiser.predict(Float64Array.from(state), Int32Array.of(level), 1, out);
  return Array.from(out);
}

test("one mode: the posterior mean of a Gaussian", () => {
  const signal = schedule.signal[50];
  // The product of N(mean, 0.3²) and the likelihood N(√ᾱ x_0, 1 - ᾱ) of the state, by their precisions.
  const precision = 1 / 0.3 ** 2 + signal / (1 - signal);
  const expected = [0.2, -0.5].map(
    (mean, k) => (mean / 0.3 ** 2 + (Math.sqrt(signal) * [0.4, 0.9][k]) / (1 - signal)) / precision,
  );
  predict([[0.2, -0.5]], [1], [0.4, 0.9], 50).forEach((value, k) => {
    expect(value).toBeCloseTo(expected[k], 12);
  });
});

test("two modes seen from half-way: the mean, by weight", () => {
  const state = [0, 0];
  predict(
    [
      [0.5, 0.5],
      [-0.5, -0.5],
    ],
    [3, 1],
    state,
    99,
  ).forEach((value) => {
    expect(value).toBeCloseTo(0.25, 3);
  });
});

test("two modes seen from one of them at a clean level: that one", () => {
  predict(
    [
      [0.5, 0.5],
      [-0.5, -0.5],
    ],
    [1, 1],
    [0.5, 0.5],
    1,
  ).forEach((value) => {
    expect(value).toBeCloseTo(0.5, 2);
  });
});

test("is a number where every mode is far away", () => {
  predict(
    [
      [0.5, 0.5],
      [-0.5, -0.5],
    ],
    [1, 1],
    [1e3, 1e3],
    0,
  ).forEach((value) => {
    expect(value).toBe(1);
  });
});

test("clips predictions", () => {
  expect(predict([[3, -3]], [1], [0, 0], 99)).toEqual([1, -1]);
  predict([[3, -3]], [1], [0, 0], 99, 10).forEach((value, k) => {
    expect(value).toBeCloseTo([3, -3][k], 3);
  });
});

test("does not clip NaN away", () => {
  expect(predict([[0, 0]], [1], [Number.NaN, 0], 50)[0]).toBeNaN();
});

test("predicts every row at its own level", () => {
  const denoiser = gaussianMixture(shape, schedule, [{ mean: [0.1, 0.2], weight: 1 }], 0.3);
  const out = new Float64Array(4);
  denoiser.predict(Float64Array.of(0.4, 0.9, 0.4, 0.9), Int32Array.of(50, 3), 2, out);
  const rows = [predict([[0.1, 0.2]], [1], [0.4, 0.9], 50), predict([[0.1, 0.2]], [1], [0.4, 0.9], 3)];
  expect(Array.from(out)).toEqual(rows.flat());
});

test("refuses a mode of the wrong length and names both", () => {
  expect(() => gaussianMixture(shape, schedule, [{ mean: [1, 2, 3], weight: 1 }], 0.1)).toThrow(
    "a mode has 3 values; a chunk has 2",
  );
});

import { expect, test } from "vitest";
import { drawNoise, GaussianStream } from "../../src/sampling/noise.js";

const draw = (count: number, seed: number, stream?: number) =>
  new GaussianStream(seed, stream).fill(new Float64Array(count));

/** Written down from a second implementation of sfc32 and Box–Muller, in Python: records are replayed by these. */
const PINNED: [seed: number, stream: number, values: number[]][] = [
  [7, 0, [0.17868150736858707, -0.11983442930313618, -0.7713114290431224, 0.35536087568787705]],
  [7, 1, [0.6529179116200621, -0.6087912315820877, -1.8243181675841227, 1.7359123386781607]],
  [-1, 0, [1.0925694459529665, -0.7649236915206891, -2.3187760008652925, 0.525057294897661]],
  [2 ** 40 + 5, 3, [0.8775862371916578, 0.552899873810117, -0.7213729109426735, 1.9289233464047837]],
];

test.each(PINNED)("seed %s stream %s means these numbers for ever", (seed, stream, values) => {
  draw(4, seed, stream).forEach((value, k) => {
    expect(value).toBeCloseTo(values[k], 12);
  });
});

test("repeats itself from the same seed and stream", () => {
  expect(draw(1000, 3, 4)).toEqual(draw(1000, 3, 4));
});

test("uses stream 0 unless told", () => {
  expect(draw(10, 3)).toEqual(draw(10, 3, 0));
});

test("is standard normal", () => {
  const values = draw(100_000, 11);
  const moment = (power: number) => values.reduce((sum, v) => sum + v ** power, 0) / values.length;
  // Five standard errors of each: 1, √2, √15 and √96 over √1e5.
  expect(Math.abs(moment(1))).toBeLessThan(0.016);
  expect(Math.abs(moment(2) - 1)).toBeLessThan(0.022);
  expect(Math.abs(moment(3))).toBeLessThan(0.061);
  expect(Math.abs(moment(4) - 3)).toBeLessThan(0.155);
});

test("is not correlated with itself from one number to the next", () => {
  const values = draw(100_000, 12);
  const lagged = values.reduce((sum, v, k) => (k > 0 ? sum + v * values[k - 1] : 0), 0) / values.length;
  expect(Math.abs(lagged)).toBeLessThan(0.016);
});

test.each([
  ["streams", draw(100_000, 5, 0), draw(100_000, 5, 1)],
  ["seeds", draw(100_000, 5, 0), draw(100_000, 6, 0)],
  ["high words of a seed", draw(100_000, 5, 0), draw(100_000, 5 + 2 ** 32, 0)],
])("neighbouring %s are independent", (_what, a, b) => {
  const correlation = a.reduce((sum, v, k) => sum + v * b[k], 0) / a.length;
  expect(Math.abs(correlation)).toBeLessThan(0.016);
});

test("first numbers of neighbouring streams, one per tick, are standard normal too", () => {
  const firsts = Array.from({ length: 20_000 }, (_, tick) => new GaussianStream(0, tick).next());
  const mean = firsts.reduce((sum, v) => sum + v, 0) / firsts.length;
  const variance = firsts.reduce((sum, v) => sum + v * v, 0) / firsts.length;
  expect(Math.abs(mean)).toBeLessThan(0.036);
  expect(Math.abs(variance - 1)).toBeLessThan(0.05);
});

test("a chunk's noise is one initial chunk and one per step, in drawing order", () => {
  const { initial, steps } = drawNoise(3, 4, new GaussianStream(9));
  expect([...initial, ...steps]).toEqual(Array.from(draw(16, 9)));
});

test.each([0.5, Number.NaN, 2 ** 53])("refuses %s as a seed", (seed) => {
  expect(() => new GaussianStream(seed)).toThrow(`not ${seed}`);
});

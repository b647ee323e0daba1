import fc from "fast-check";
import { expect, test } from "vitest";
import { LimitsNormalizer } from "../../src/policy/normalizer.js";

const normalizer = new LimitsNormalizer({ min: [0, -3], max: [512, -1] });

test("maps the range of each dimension to [-1, 1]", () => {
  expect(Array.from(normalizer.normalize(Float64Array.of(0, -3, 512, -1, 256, -2)))).toEqual([
    -1, -1, 1, 1, 0, 0,
  ]);
});

test("maps [-1, 1] back to the range of each dimension", () => {
  expect(Array.from(normalizer.denormalize(Float64Array.of(-1, -1, 1, 1, 0, 0)))).toEqual([
    0, -3, 512, -1, 256, -2,
  ]);
});

test("what is outside the range stays outside", () => {
  expect(Array.from(normalizer.normalize(Float64Array.of(1024, -5)))).toEqual([3, -3]);
});

test("there and back is where it was", () => {
  const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const dimension = fc
    .tuple(number, number, number)
    .filter(([a, b]) => Math.abs(a - b) > 1e-3)
    .map(([a, b, value]) => ({ min: Math.min(a, b), max: Math.max(a, b), value }));
  fc.assert(
    fc.property(fc.array(dimension, { minLength: 1, maxLength: 5 }), (dimensions) => {
      const range = { min: dimensions.map((d) => d.min), max: dimensions.map((d) => d.max) };
      const values = Float64Array.from(dimensions, (d) => d.value);
      const limits = new LimitsNormalizer(range);
      limits.denormalize(limits.normalize(values)).forEach((value, k) => {
        const scale = Math.abs(range.min[k]) + Math.abs(range.max[k]) + Math.abs(dimensions[k].value);
        expect(Math.abs(value - dimensions[k].value)).toBeLessThanOrEqual(1e-12 * scale);
      });
    }),
  );
});

test("NaN stays NaN", () => {
  expect(normalizer.normalize(Float64Array.of(Number.NaN, 0))[0]).toBeNaN();
});

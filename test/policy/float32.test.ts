import fc from "fast-check";
import { expect, test } from "vitest";
import { float32Limits } from "../../src/policy/float32.js";

test("float32 limits are within the limits, and the next float32 is not", () => {
  const next = (value: number, direction: 1 | -1) =>
    Math.fround(value + direction * Math.max(Math.abs(value) * 2 ** -23, 2 ** -149));
  fc.assert(
    fc.property(
      fc.float({ noNaN: true, min: -1e6, max: 1e6 }),
      fc.double({ noNaN: true, min: 0, max: 1e-3 }),
      (at, by) => {
        const { lowest, highest } = float32Limits({ min: at - by, max: at + by });
        expect(lowest).toBeGreaterThanOrEqual(at - by);
        expect(highest).toBeLessThanOrEqual(at + by);
        expect(Math.fround(lowest)).toBe(lowest);
        expect(Math.fround(highest)).toBe(highest);
        expect(next(lowest, -1)).toBeLessThan(at - by);
        expect(next(highest, 1)).toBeGreaterThan(at + by);
      },
    ),
  );
  expect(float32Limits({ min: 0.1, max: 0.3 })).toEqual({
    lowest: Math.fround(0.1),
    highest: 0.30000001192092896 - 2 ** -25,
  });
  expect(float32Limits({ min: 0, max: 0 })).toEqual({ lowest: 0, highest: 0 });
});

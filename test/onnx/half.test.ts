import fc from "fast-check";
import { expect, it } from "vitest";
import { fromHalfBits, halfBits } from "../../src/onnx/half.js";

const bitsOf = (value: number) => halfBits(Float32Array.of(value))[0];
const rounded = (value: number) => fromHalfBits(halfBits(Float32Array.of(value)))[0];

it.each([
  [0, 0x0000],
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [0.1, 0x2e66],
  [2 ** -14, 0x0400],
  [2 ** -24, 0x0001],
  [-(2 ** -15), 0x8200],
  // Ties go to the even one, and a digit too many is an exponent more.
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  [2 - 2 ** -12, 0x4000],
  [2 ** -25, 0x0000],
  [3 * 2 ** -25, 0x0002],
])("writes %d as IEEE 754 does", (value, bits) => {
  expect(bitsOf(value)).toBe(bits);
});

it("takes the largest number for those beyond", () => {
  expect([70_000, -1e30, Number.POSITIVE_INFINITY].map(rounded)).toEqual([65504, -65504, 65504]);
});

it("gives back what it can hold, and is never more than half a step away", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7bff }), fc.boolean(), (size, isNegative) => {
      const bits = isNegative ? size | 0x8000 : size;
      const [value] = fromHalfBits(Uint16Array.of(bits));
      expect(bitsOf(value)).toBe(bits);
    }),
  );
  fc.assert(
    fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
      const step = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(value)))) - 10);
      expect(Math.abs(rounded(value) - value)).toBeLessThanOrEqual(step / 2);
    }),
  );
});

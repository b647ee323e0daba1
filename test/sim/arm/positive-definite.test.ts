import fc from "fast-check";
import { inv } from "mathjs";
import { expect, it } from "vitest";
import { invert } from "../../../sim/arm/positive-definite.js";

it("inverts as mathjs does", () => {
  const entry = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.array(entry, { minLength: 5, maxLength: 5 }), { minLength: 5, maxLength: 5 }),
      (a) => {
        const matrix = a.map((row, i) =>
          a.map((other, j) => row.reduce((sum, value, k) => sum + value * other[k], i === j ? 0.5 : 0)),
        );
        const found = Float64Array.from(matrix.flat());
        invert(found, 5);
        const wanted = inv(matrix).flat();
        found.forEach((value, k) => {
          expect(value).toBeCloseTo(wanted[k], 8);
        });
      },
    ),
  );
});

it("refuses what is not positive definite", () => {
  expect(() => invert(Float64Array.of(1, 2, 2, 1), 2)).toThrow("positive definite");
});

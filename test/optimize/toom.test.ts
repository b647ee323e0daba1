import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type Matrix, MOST_POINTS, minimalFilter, type Products, toeplitz } from "../../src/optimize/toom.js";

const number = fc.double({ min: -1, max: 1, noNaN: true });
const numbers = (length: number) => fc.array(number, { minLength: length, maxLength: length });

function times(matrix: Matrix, vector: readonly number[]): number[] {
  return matrix.map((row) => row.reduce((sum, value, k) => sum + value * vector[k], 0));
}

function computed({ input, filter, output }: Products, x: readonly number[], w: readonly number[]): number[] {
  const weights = times(filter, w);
  return times(
    output,
    times(input, x).map((value, point) => value * weights[point]),
  );
}

function expectClose(found: readonly number[], wanted: readonly number[]): void {
  expect(found).toHaveLength(wanted.length);
  found.forEach((value, k) => {
    expect(value).toBeCloseTo(wanted[k], 10);
  });
}

it("filters neighbouring positions with outputs + taps - 1 products", () => {
  const sizes = fc
    .record({ outputs: fc.integer({ min: 1, max: 7 }), taps: fc.integer({ min: 1, max: 7 }) })
    .filter(({ outputs, taps }) => outputs + taps - 1 <= MOST_POINTS);
  const cases = sizes.chain(({ outputs, taps }) =>
    fc.record({ outputs: fc.constant(outputs), x: numbers(outputs + taps - 1), w: numbers(taps) }),
  );
  fc.assert(
    fc.property(cases, ({ outputs, x, w }) => {
      const products = minimalFilter(outputs, w.length);
      expect(products.input).toHaveLength(outputs + w.length - 1);
      const wanted = Array.from({ length: outputs }, (_, i) =>
        w.reduce((sum, weight, k) => sum + weight * x[i + k], 0),
      );
      expectClose(computed(products, x, w), wanted);
    }),
  );
});

it("multiplies by any Toeplitz matrix with 2 size - 1 products", () => {
  const cases = fc
    .integer({ min: 1, max: 4 })
    .chain((size) => fc.record({ x: numbers(size), w: numbers(2 * size - 1) }));
  fc.assert(
    fc.property(cases, ({ x, w }) => {
      const wanted = x.map((_, i) => x.reduce((sum, value, j) => sum + w[j - i + x.length - 1] * value, 0));
      expectClose(computed(toeplitz(x.length), x, w), wanted);
    }),
  );
});

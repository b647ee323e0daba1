import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addProduct, project } from "../../src/sampling/response.js";

const value = fc.double({ min: -1e3, max: 1e3, noNaN: true });
const arrays = (length: number) =>
  fc.array(value, { minLength: length, maxLength: length }).map((list) => Float64Array.from(list));
const sizes = fc.record({ n: fc.integer({ min: 1, max: 13 }), rank: fc.integer({ min: 1, max: 6 }) });

describe("to the last bit, as added up term by term,", () => {
  test("a product is", () => {
    const cases = sizes.chain(({ n, rank }) =>
      fc.record({
        n: fc.constant(n),
        width: fc.integer({ min: 0, max: rank }),
        stride: fc.constant(rank),
        matrix: arrays(3 + n * rank),
        coordinates: arrays(rank),
        factor: value,
        out: arrays(2 + n),
      }),
    );
    fc.assert(
      fc.property(cases, ({ n, width, stride, matrix, coordinates, factor, out }) => {
        const expected = out.slice();
        for (let row = 0; row < n; row++) {
          let sum = 0;
          for (let c = 0; c < width; c++) sum += matrix[3 + row * stride + c] * coordinates[c];
          expected[2 + row] += factor * sum;
        }
        addProduct(matrix, 3, stride, coordinates, width, factor, out, 2, n);
        expect(out).toEqual(expected);
      }),
    );
  });

  test("a projection is", () => {
    const cases = sizes.chain(({ n, rank }) =>
      fc.record({
        n: fc.constant(n),
        rank: fc.constant(rank),
        basis: arrays(n * rank),
        vector: arrays(4 + n),
      }),
    );
    fc.assert(
      fc.property(cases, ({ n, rank, basis, vector }) => {
        const expected = new Float64Array(rank);
        for (let row = 0; row < n; row++) {
          for (let c = 0; c < rank; c++) expected[c] += basis[row * rank + c] * vector[4 + row];
        }
        const out = new Float64Array(rank).fill(7);
        project({ basis, rank, slope: new Float64Array() }, vector, 4, out);
        expect(out).toEqual(expected);
      }),
    );
  });
});

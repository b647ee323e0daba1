/** Where a polynomial is evaluated; Infinity takes its leading coefficient. */
export type Point = number;

/** Small and paired by sign and inverse, in the order in which they are taken: rounding grows with the points. */
const POINTS: readonly Point[] = [0, 1, -1, 0.5, -0.5, 2, -2];
/** One product more and rounding costs two digits: F(8, 5) misses 1e-5. */
export const MOST_POINTS = POINTS.length + 1;

export type Matrix = readonly (readonly number[])[];

/** Maps of a bilinear algorithm: `output · ((input · x) * (filter · w))`, with one product per row of input. */
export interface Products {
  readonly input: Matrix;
  readonly filter: Matrix;
  readonly output: Matrix;
}

/**
 * F(outputs, taps): a filter at neighbouring positions in outputs + taps - 1 products instead of outputs · taps
 * (Winograd 1980, by transposing Toom's multiplication). `out[i] = sum over k of w[k] x[i + k]`.
 */
export function minimalFilter(outputs: number, taps: number): Products {
  const size = outputs + taps - 1;
  const points = pointsFor(size);
  return {
    input: transpose(inverse(vandermonde(points, size))),
    filter: vandermonde(points, taps),
    output: transpose(vandermonde(points, outputs)),
  };
}

/**
 * Any square Toeplitz matrix of a size in 2 · size - 1 products: `out[i] = sum over j of w[j - i + size - 1] x[j]`.
 * Cheaper than tiles where a filter nearly covers its sequence.
 */
export function toeplitz(size: number): Products {
  const points = pointsFor(2 * size - 1);
  const input = vandermonde(points, size);
  return {
    input,
    filter: transpose(inverse(vandermonde(points, 2 * size - 1))),
    output: transpose(input).reverse(),
  };
}

function pointsFor(products: number): Point[] {
  return [...POINTS.slice(0, products - 1), Number.POSITIVE_INFINITY];
}

function vandermonde(points: readonly Point[], size: number): number[][] {
  return points.map((point) =>
    Array.from({ length: size }, (_, k) =>
      point === Number.POSITIVE_INFINITY ? Number(k === size - 1) : point ** k,
    ),
  );
}

function transpose(matrix: Matrix): number[][] {
  return matrix[0].map((_, column) => matrix.map((row) => row[column]));
}

/** Gauss and Jordan, with the largest pivot; mathjs would take a second to load for an 8 × 8 matrix. */
function inverse(matrix: Matrix): number[][] {
  const size = matrix.length;
  const rows = matrix.map((row, k) => [...row, ...Array.from({ length: size }, (_, c) => Number(c === k))]);
  for (let k = 0; k < size; k++) {
    let best = k;
    for (let row = k; row < size; row++) if (Math.abs(rows[row][k]) > Math.abs(rows[best][k])) best = row;
    [rows[k], rows[best]] = [rows[best], rows[k]];
    const pivot = rows[k][k];
    rows[k] = rows[k].map((value) => value / pivot);
    for (let row = 0; row < size; row++) {
      const factor = rows[row][k];
      if (row !== k && factor !== 0) rows[row] = rows[row].map((value, c) => value - factor * rows[k][c]);
    }
  }
  return rows.map((row) => row.slice(size));
}

/** Where the entries of a sparse lower triangle stand, row by row. */
export interface Sparsity {
  /** [n] */
  readonly start: ArrayLike<number>;
  /** [n] */
  readonly count: ArrayLike<number>;
  readonly column: ArrayLike<number>;
}

/** Fills `out` [n · n] with the symmetric matrix whose lower triangle is given. */
export function unpack(values: Float64Array, { start, count, column }: Sparsity, out: Float64Array): void {
  const n = start.length;
  out.fill(0);
  for (let row = 0; row < n; row++) {
    for (let k = start[row]; k < start[row] + count[row]; k++) {
      out[row * n + column[k]] = values[k];
      out[column[k] * n + row] = values[k];
    }
  }
}

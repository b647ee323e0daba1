/**
 * How a policy's clean prediction follows its noisy state, on average over the states it meets: the mean Jacobian
 * J̄ = ∂x̂0/∂x of every noise level, as `slope·basisᵀ`. Measured once per policy (`parapilot calibrate`).
 */
export interface Response {
  /** [n · rank] orthonormal directions in chunk space, row by row; those to which predictions respond most come first. */
  readonly basis: Float64Array;
  readonly rank: number;
  /** [levels · n · rank] change of the clean prediction per unit of movement along each direction. */
  readonly slope: Float64Array;
  /** What a semi-linear solve with it takes for its tolerance unless told, measured on this policy. */
  readonly tolerance?: number;
}

/**
 * A straight line through a policy's clean predictions for one observation, fitted by regression:
 * x̂0 ≈ offset + slope·basisᵀx at every noise level. Its slope contains how modes differ, which the local
 * {@link Response} must not, so the two are not interchangeable.
 */
export interface Guess {
  /** [levels · n] */
  readonly offset: Float64Array;
  /** [levels · n · rank], in the basis of the policy's {@link Response}. */
  readonly slope: Float64Array;
}

/** Adds `matrix`·`coordinates` to `out[at …]`; `matrix` [n · width] starts at `from`, its rows `stride` apart. */
export function addProduct(
  matrix: Float64Array,
  from: number,
  stride: number,
  coordinates: Float64Array,
  width: number,
  factor: number,
  out: Float64Array,
  at: number,
  n: number,
): void {
  // Four rows at once: the additions of one wait for each other, and every sum is the same as by itself.
  const together = n - (n % 4);
  for (let row = 0; row < together; row += 4) {
    const first = from + row * stride;
    const second = first + stride;
    const third = second + stride;
    const fourth = third + stride;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    let sum4 = 0;
    for (let c = 0; c < width; c++) {
      const coordinate = coordinates[c];
      sum1 += matrix[first + c] * coordinate;
      sum2 += matrix[second + c] * coordinate;
      sum3 += matrix[third + c] * coordinate;
      sum4 += matrix[fourth + c] * coordinate;
    }
    out[at + row] += factor * sum1;
    out[at + row + 1] += factor * sum2;
    out[at + row + 2] += factor * sum3;
    out[at + row + 3] += factor * sum4;
  }
  for (let row = together; row < n; row++) {
    let sum = 0;
    const start = from + row * stride;
    for (let c = 0; c < width; c++) sum += matrix[start + c] * coordinates[c];
    out[at + row] += factor * sum;
  }
}

/** Fills `out` [rank] with basisᵀ·`vector[at …]`. */
export function project(
  { basis, rank }: Response,
  vector: Float64Array,
  at: number,
  out: Float64Array,
): void {
  out.fill(0, 0, rank);
  const n = basis.length / rank;
  // Four rows in one pass over `out`, added in the order of the rows.
  const together = n - (n % 4);
  for (let row = 0; row < together; row += 4) {
    const first = row * rank;
    const second = first + rank;
    const third = second + rank;
    const fourth = third + rank;
    const value1 = vector[at + row];
    const value2 = vector[at + row + 1];
    const value3 = vector[at + row + 2];
    const value4 = vector[at + row + 3];
    for (let c = 0; c < rank; c++) {
      let sum = out[c] + basis[first + c] * value1;
      sum += basis[second + c] * value2;
      sum += basis[third + c] * value3;
      out[c] = sum + basis[fourth + c] * value4;
    }
  }
  for (let row = together; row < n; row++) {
    const value = vector[at + row];
    for (let c = 0; c < rank; c++) out[c] += basis[row * rank + c] * value;
  }
}

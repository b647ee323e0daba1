/**
 * Replaces a symmetric positive definite matrix [n · n] by its inverse.
 *
 * @throws Error when it is not positive definite.
 */
export function invert(matrix: Float64Array, n: number): void {
  // A = L·Lᵀ, with L in the lower triangle.
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k] * matrix[j * n + k];
      if (i > j) matrix[i * n + j] = sum / matrix[j * n + j];
      else if (sum > 0) matrix[j * n + j] = Math.sqrt(sum);
      else throw new Error(`a matrix that should be positive definite has the pivot ${sum} in row ${j}`);
    }
  }
  // L⁻¹, in place, column by column.
  for (let j = 0; j < n; j++) {
    matrix[j * n + j] = 1 / matrix[j * n + j];
    for (let i = j + 1; i < n; i++) {
      let sum = 0;
      for (let k = j; k < i; k++) sum -= matrix[i * n + k] * matrix[k * n + j];
      matrix[i * n + j] = sum / matrix[i * n + i];
    }
  }
  // A⁻¹ = L⁻ᵀ·L⁻¹; row i needs only rows from i on, so the lower triangle can be overwritten from the top.
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < n; k++) sum += matrix[k * n + i] * matrix[k * n + j];
      matrix[i * n + j] = sum;
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) matrix[j * n + i] = matrix[i * n + j];
}

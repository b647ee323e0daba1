/**
 * [n · rank] orthonormal directions in chunk space along which to measure a response: all of them, or the smooth ones of
 * a large chunk.
 */
export function leadingDirections(n: number): Float64Array {
  const basis = new Float64Array(n * n);
  for (let k = 0; k < n; k++) basis[k * n + k] = 1;
  return basis;
}

/**
 * The lowest and the highest float32 within limits: actions are float32, and rounding alone may step over a limit such as
 * 0.1.
 */
export function float32Limits({ min, max }: { readonly min: number; readonly max: number }): {
  readonly lowest: number;
  readonly highest: number;
} {
  return { lowest: float32AtLeast(min), highest: 0 - float32AtLeast(-max) };
}

function float32AtLeast(value: number): number {
  const nearest = Float32Array.of(value);
  if (nearest[0] >= value) return nearest[0];
  if (nearest[0] === 0) return 2 ** -149;
  // Neighbouring floats of one sign are neighbouring integers in their bits.
  new Int32Array(nearest.buffer)[0] += nearest[0] > 0 ? 1 : -1;
  return nearest[0];
}

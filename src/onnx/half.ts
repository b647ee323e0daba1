/** The bits of a float32 as a whole number: a sign, eight bits of exponent, 23 digits. A float16 has five and ten. */
const SIZE = 0x7fffffff;
const FEWER_DIGITS = 13;
/** What the exponents of the same number differ by, 127 - 15, where a float32 has them. */
const BIAS = 112 << 23;
const SMALLEST_NORMAL = 2 ** -14;
const SUBNORMAL_STEP = 2 ** -24;
const LARGEST_HALF = 0x7bff;

/** The bits of the float16 next to each number, of two the even one; the largest for those beyond. */
export function halfBits(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (all, k) => {
    const sign = (all >>> 16) & 0x8000;
    const size = Math.abs(values[k]);
    if (size < SMALLEST_NORMAL) return sign | evenlyRounded(size / SUBNORMAL_STEP);
    // Half a last digit, less one bit unless that digit is odd: a carry out of the digits is one more exponent, as it should be.
    const rounded = (all & SIZE) - BIAS + 0xfff + ((all >>> FEWER_DIGITS) & 1);
    return sign | Math.min(rounded >>> FEWER_DIGITS, LARGEST_HALF);
  });
}

/** The numbers that such bits stand for. */
export function fromHalfBits(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  const values = new Float32Array(bits.buffer);
  for (let k = 0; k < halves.length; k++) {
    const size = halves[k] & 0x7fff;
    if (size < 0x400) values[k] = size * SUBNORMAL_STEP;
    else bits[k] = (size << FEWER_DIGITS) + BIAS;
    if (halves[k] & 0x8000) values[k] = -values[k];
  }
  return values;
}

function evenlyRounded(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

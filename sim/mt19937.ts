const WORDS = 624;
const SHIFT = 397;
const MAX_WORD = 0xffffffff;

/**
 * NumPy's legacy `RandomState(seed)`: the Mersenne Twister MT19937 with the draws that `randint`,
 * `uniform` and `randn` made before NumPy 1.17 and still make. PushT's published seeds mean this stream.
 *
 * Source: Matsumoto and Nishimura 1998; NumPy NEP 19 freezes the legacy stream.
 *
 * @example
 * const random = new RandomState(0);
 * random.randint(50, 450); // 222
 * random.randn();
 */
export class RandomState {
  readonly #words = new Uint32Array(WORDS);
  #next = WORDS;
  #spareGaussian: number | undefined;

  /** @param seed integer in [0, 2^32 - 1]; anything else throws a RangeError. */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > MAX_WORD) {
      throw new RangeError(`seed must be an integer from 0 to ${MAX_WORD}, got ${seed}`);
    }
    const words = this.#words;
    words[0] = seed;
    for (let i = 1; i < WORDS; i++) {
      const previous = words[i - 1] ^ (words[i - 1] >>> 30);
      words[i] = Math.imul(1812433253, previous) + i;
    }
  }

  /** Uniform integer in [low, high), at most 2^32 values, by NumPy's masked rejection. */
  randint(low: number, high: number): number {
    const span = high - low - 1;
    if (!Number.isInteger(low) || !Number.isInteger(high) || span < 0 || span > MAX_WORD) {
      throw new RangeError(`randint needs integers low < high at most 2^32 apart, got ${low} and ${high}`);
    }
    if (span === 0) return low;
    const mask = MAX_WORD >>> Math.clz32(span);
    let draw: number;
    do draw = (this.#word() & mask) >>> 0;
    while (draw > span);
    return low + draw;
  }

  /** Standard normal draw by the polar Box-Muller method; every second call returns the spare of the first. */
  randn(): number {
    if (this.#spareGaussian !== undefined) {
      const spare = this.#spareGaussian;
      this.#spareGaussian = undefined;
      return spare;
    }
    let x1: number;
    let x2: number;
    let radius2: number;
    do {
      x1 = 2 * this.#double() - 1;
      x2 = 2 * this.#double() - 1;
      radius2 = x1 * x1 + x2 * x2;
    } while (radius2 >= 1 || radius2 === 0);
    const scale = Math.sqrt((-2 * Math.log(radius2)) / radius2);
    this.#spareGaussian = scale * x1;
    return scale * x2;
  }

  /** Uniform in [low, high), as NumPy's `uniform`. */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.#double();
  }

  /** Uniform in [0, 1) with 53 random bits. */
  #double(): number {
    const high = this.#word() >>> 5;
    const low = this.#word() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  #word(): number {
    if (this.#next === WORDS) this.#refill();
    let y = this.#words[this.#next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  #refill(): void {
    const words = this.#words;
    for (let i = 0; i < WORDS; i++) {
      const y = (words[i] & 0x80000000) | (words[(i + 1) % WORDS] & 0x7fffffff);
      words[i] = words[(i + SHIFT) % WORDS] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}

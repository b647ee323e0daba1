/**
 * All the randomness of one chunk, drawn before the solve: given it, the sample is a function of the observation, which
 * is what lets every solver be compared with the sequential one and every run be replayed.
 */
export interface ChunkNoise {
  /** [n] the initial Gaussian x_0. */
  readonly initial: Float64Array;
  /** [steps · n] the z of every step; the last row meets a zero coefficient in DDPM. */
  readonly steps: Float64Array;
  /** [steps] uniform in (0, 1]: one coin per step for solvers that accept or reject. */
  readonly coins: Float64Array;
}

/**
 * A seeded stream of standard normal numbers. Generator: sfc32 (Doty-Humphrey, PractRand), chosen because its state is
 * four words and its stream is fixed by this file, so a recorded seed means the same numbers for ever. Box–Muller in
 * float64.
 *
 * @example
 * const gaussian = new GaussianStream(7, 0);
 * gaussian.next(); // always the same number
 */
export class GaussianStream {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spare: number | undefined;

  /** @param seed any safe integer. @param stream separates streams of one seed, for example one per tick. */
  constructor(seed: number, stream = 0) {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`a noise seed must be a whole number, not ${seed}`);
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 2 ** 32) >>> 0;
    this.#c = stream >>> 0;
    // sfc32 needs a dozen rounds before close seeds have parted.
    for (let k = 0; k < 15; k++) this.#word();
  }

  #word(): number {
    const out = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + out;
    this.#c |= 0;
    return out >>> 0;
  }

  /** Uniform in (0, 1], never 0, so that its logarithm is finite. */
  uniform(): number {
    return (this.#word() + 1) / 2 ** 32;
  }

  next(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  fill(target: Float64Array): Float64Array {
    for (let k = 0; k < target.length; k++) target[k] = this.next();
    return target;
  }
}

/**
 * Draws the noise of one chunk of `size` = horizon · action dimension values.
 *
 * @example
 * const noise = drawNoise(rule.steps, 16 * 2, new GaussianStream(seed, tick));
 */
export function drawNoise(steps: number, size: number, stream: GaussianStream): ChunkNoise {
  return {
    initial: stream.fill(new Float64Array(size)),
    steps: stream.fill(new Float64Array(steps * size)),
    coins: Float64Array.from({ length: steps }, () => stream.uniform()),
  };
}

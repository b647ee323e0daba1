import type { Denoiser } from "../denoiser.js";

/**
 * The states of one batched network call and the predictions there, in memory that is laid out once per solve.
 */
export class SweepBatch {
  readonly #size: number;
  readonly #states: Float64Array;
  readonly #levels: Int32Array;
  readonly #predictions: Float64Array;
  #rows = 0;

  /** @param capacity most rows of one call. */
  constructor(size: number, capacity: number) {
    this.#size = size;
    this.#states = new Float64Array(capacity * size);
    this.#levels = new Int32Array(capacity);
    this.#predictions = new Float64Array(capacity * size);
  }

  get rows(): number {
    return this.#rows;
  }

  clear(): void {
    this.#rows = 0;
  }

  /** Appends a copy of `states[from … from + n)` at a noise level. Returns its row. */
  add(states: Float64Array, from: number, level: number): number {
    const row = this.#rows++;
    const at = row * this.#size;
    for (let k = 0; k < this.#size; k++) this.#states[at + k] = states[from + k];
    this.#levels[row] = level;
    return row;
  }

  async evaluate(denoiser: Denoiser): Promise<void> {
    await denoiser.predict(this.#states, this.#levels, this.#rows, this.#predictions);
  }

  /** [rows · n] the clean predictions of the last call. */
  get predictions(): Float64Array {
    return this.#predictions;
  }
}

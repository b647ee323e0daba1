import type { Denoiser } from "../denoiser.js";

/**
 * The states of one batched network call and the predictions there, in memory that is laid out once per solve: first a
 * row per step that is asked, in the order of the chain, then any probes.
 */
export class SweepBatch {
  readonly #size: number;
  readonly #states: Float64Array;
  readonly #levels: Int32Array;
  readonly #steps: Int32Array;
  /** [rows · n] the clean predictions of the last call. */
  readonly predictions: Float64Array;
  #asked = 0;
  #rows = 0;

  /** @param steps of the chain. @param probes most rows beside them. */
  constructor(steps: number, size: number, probes: number) {
    this.#size = size;
    this.#states = new Float64Array((steps + probes) * size);
    this.#levels = new Int32Array(steps + probes);
    this.#steps = new Int32Array(steps);
    this.predictions = new Float64Array((steps + probes) * size);
  }

  get rows(): number {
    return this.#rows;
  }

  clear(): void {
    this.#asked = 0;
    this.#rows = 0;
  }

  /** Asks step i, later than all steps asked so far, at its state in `states` [steps · n]. */
  addStep(i: number, states: Float64Array, level: number): void {
    this.#steps[this.#asked++] = i;
    this.#add(states, i * this.#size, level);
  }

  /** Asks a state of no step. Returns its row. */
  addProbe(state: Float64Array, level: number): number {
    return this.#add(state, 0, level);
  }

  #add(states: Float64Array, from: number, level: number): number {
    const row = this.#rows++;
    const at = row * this.#size;
    for (let k = 0; k < this.#size; k++) this.#states[at + k] = states[from + k];
    this.#levels[row] = level;
    return row;
  }

  /** Steps of the last call, in the order of the chain. */
  askedSteps(): Int32Array {
    return this.#steps.subarray(0, this.#asked);
  }

  async evaluate(denoiser: Denoiser): Promise<void> {
    await denoiser.predict(this.#states, this.#levels, this.#rows, this.predictions);
  }

  /**
   * Fills `clean` from the first asked step to the end of the chain: with the prediction where a step was asked, and
   * between asked steps with the model plus their surprises, interpolated. The last step of the chain must be asked.
   *
   * @param model [steps · n] what was expected.
   * @returns the largest surprise in any entry; NaN if any is NaN.
   */
  spread(model: Float64Array, clean: Float64Array): number {
    const n = this.#size;
    let largest = 0;
    for (let row = 0; row < this.#asked; row++) {
      const here = this.#steps[row];
      const next = row + 1 < this.#asked ? this.#steps[row + 1] : here + 1;
      for (let k = 0; k < n; k++) {
        const left = this.predictions[row * n + k] - model[here * n + k];
        largest = Math.max(largest, Math.abs(left));
        clean[here * n + k] = this.predictions[row * n + k];
        for (let i = here + 1; i < next; i++) {
          const share = (i - here) / (next - here);
          const right = this.predictions[(row + 1) * n + k] - model[next * n + k];
          clean[i * n + k] = model[i * n + k] + (1 - share) * left + share * right;
        }
      }
    }
    return largest;
  }
}

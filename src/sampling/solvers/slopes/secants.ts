import type { Slope, Sweep } from "./slope.js";

/** Corrections kept per step; more of them are of places that the solve has left. */
const KEPT = 2;

/**
 * Corrects an assumed slope step by step where the last sweeps have shown it wrong: Broyden's (1965) rank-one update,
 * J + (y - J·s)·sᵀ/|s|², after which the slope explains the change y of the prediction over the movement s. It costs no
 * evaluation, and matters where a policy switches, a gripper above all: there a slope is not the average one, and any few
 * directions that could be probed are others each time.
 */
export class Secants {
  readonly #size: number;
  /** [steps · KEPT · n] */
  readonly #along: Float64Array;
  readonly #change: Float64Array;
  /** [steps] corrections that each step has been given so far. */
  readonly #count: Int32Array;
  /** [steps · n] where each step was asked last, and what was predicted there. */
  readonly #askedAt: Float64Array;
  readonly #answered: Float64Array;
  readonly #wasAsked: Uint8Array;
  readonly #moved: Float64Array;
  readonly #unexplained: Float64Array;

  constructor(steps: number, size: number) {
    this.#size = size;
    this.#along = new Float64Array(steps * KEPT * size);
    this.#change = new Float64Array(steps * KEPT * size);
    this.#count = new Int32Array(steps);
    this.#askedAt = new Float64Array(steps * size);
    this.#answered = new Float64Array(steps * size);
    this.#wasAsked = new Uint8Array(steps);
    this.#moved = new Float64Array(size);
    this.#unexplained = new Float64Array(size);
  }

  /**
   * Takes note of what a sweep has asked and was answered at a step.
   *
   * @param wrong the whole slope, corrections included, if it is to be corrected by what has changed since it was asked last.
   */
  see(step: number, { states, clean }: Sweep, wrong: Pick<Slope, "add"> | undefined): void {
    const at = step * this.#size;
    if (wrong && this.#wasAsked[step] === 1) {
      for (let k = 0; k < this.#size; k++) {
        this.#moved[k] = states[at + k] - this.#askedAt[at + k];
        this.#unexplained[k] = this.#answered[at + k] - clean[at + k];
      }
      wrong.add(step, this.#moved, this.#unexplained, 0);
      for (let k = 0; k < this.#size; k++) this.#unexplained[k] *= -1;
      this.learn(step, this.#moved, this.#unexplained);
    }
    this.#wasAsked[step] = 1;
    for (let k = at; k < at + this.#size; k++) {
      this.#askedAt[k] = states[k];
      this.#answered[k] = clean[k];
    }
  }

  /** @param moved [n] s. @param unexplained [n] y - J·s, J with the corrections so far. */
  learn(step: number, moved: Float64Array, unexplained: Float64Array): void {
    let square = 0;
    for (let k = 0; k < this.#size; k++) square += moved[k] * moved[k];
    // Where the state hardly moved, rounding would decide.
    if (!(square > 1e-10 * this.#size)) return;
    const slot = step * KEPT + (this.#count[step]++ % KEPT);
    for (let k = 0; k < this.#size; k++) {
      this.#along[slot * this.#size + k] = moved[k];
      this.#change[slot * this.#size + k] = unexplained[k] / square;
    }
  }

  /** Adds the corrections' part of slope·`moved` to `out[at …]`. */
  add(step: number, moved: Float64Array, out: Float64Array, at: number): void {
    const kept = Math.min(this.#count[step], KEPT);
    for (let slot = step * KEPT; slot < step * KEPT + kept; slot++) {
      let along = 0;
      for (let k = 0; k < this.#size; k++) along += this.#along[slot * this.#size + k] * moved[k];
      for (let k = 0; k < this.#size; k++) out[at + k] += along * this.#change[slot * this.#size + k];
    }
  }
}

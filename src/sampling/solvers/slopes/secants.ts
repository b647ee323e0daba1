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

  constructor(steps: number, size: number) {
    this.#size = size;
    this.#along = new Float64Array(steps * KEPT * size);
    this.#change = new Float64Array(steps * KEPT * size);
    this.#count = new Int32Array(steps);
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

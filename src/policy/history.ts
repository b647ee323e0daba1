/**
 * The last `steps` observations of one episode, oldest first, on the grid of control steps. What is missing at the start
 * of an episode is the first observation repeated, as in Diffusion Policy.
 *
 * @example
 * const history = new History(2, 20);
 * history.push(0, observation);
 * history.read(target); // [2 · 20]: the same observation twice
 */
export class History {
  readonly #frames: Float64Array[];
  #newest = -1;
  #filled = false;

  constructor(
    readonly steps: number,
    readonly width: number,
  ) {
    this.#frames = Array.from({ length: steps }, () => new Float64Array(width));
  }

  get empty(): boolean {
    return !this.#filled;
  }

  /** The control step of the newest observation; -1 before the first. */
  get newest(): number {
    return this.#newest;
  }

  clear(): void {
    this.#filled = false;
    this.#newest = -1;
  }

  /**
   * Adds the observation of a control step. A step seen before replaces nothing; a skipped step is filled with the
   * frame before it, so that frames stay one step apart.
   */
  push(step: number, frame: Float64Array): void {
    if (!this.#filled) {
      for (const slot of this.#frames) slot.set(frame);
      this.#filled = true;
      this.#newest = step;
      return;
    }
    const ahead = Math.min(step - this.#newest, this.steps);
    for (let k = 0; k < ahead; k++) {
      const oldest = this.#frames.shift() as Float64Array;
      oldest.set(k === ahead - 1 ? frame : (this.#frames.at(-1) ?? frame));
      this.#frames.push(oldest);
    }
    if (step > this.#newest) this.#newest = step;
  }

  /** Fills `target` [steps · width], oldest first. */
  read(target: Float64Array): Float64Array {
    this.#frames.forEach((frame, k) => {
      target.set(frame, k * this.width);
    });
    return target;
  }
}

import { type Manifest, measuredIndex } from "../policy/manifest.js";
import { Limiter } from "./limiter.js";

const NOWHERE = new Float32Array(0);

/** What one robot is told to do, last and next: within the limits of its actions, and at a bounded rate from one to the next. */
export class Actuation {
  readonly #manifest: Manifest;
  readonly #limiter: Limiter;
  readonly #measured: readonly (number | undefined)[];
  #last: Float32Array | undefined;

  constructor(manifest: Manifest, periodMs: number) {
    this.#manifest = manifest;
    this.#limiter = new Limiter(manifest.action, periodMs);
    this.#measured = measuredIndex(manifest);
  }

  /** [D] what the robot was told last; undefined when it is where nobody has told it to be. */
  get last(): Float32Array | undefined {
    return this.#last;
  }

  reset(): void {
    this.#last = undefined;
    this.#limiter.reset();
  }

  /**
   * The action nearest to a wanted one that may be told now.
   *
   * @param frame [O] the newest observation: the robot starts from where it is measured to be.
   */
  towards(wanted: Float32Array, frame: Float64Array): Float32Array {
    if (!this.#last) this.#limiter.reset(this.#position(frame));
    const action = new Float32Array(this.#manifest.action.length);
    if (this.#limiter.limit(wanted, action) === undefined) return NOWHERE;
    this.#last = action;
    return action;
  }

  /** The next action on the way to a standstill, and there; empty when nobody knows where the robot is. */
  still(frame: Float64Array): Float32Array {
    if (!this.#last) {
      const position = this.#position(frame);
      return position.includes(Number.NaN) ? NOWHERE : this.towards(position, frame);
    }
    const action = new Float32Array(this.#manifest.action.length);
    this.#limiter.stopping(action);
    this.#last = action;
    return action;
  }

  /** Standstill, for each action that has one without looking back, or where it is measured to be; NaN for the others. */
  #position(frame: Float64Array): Float32Array {
    return Float32Array.from(this.#manifest.action, ({ at_rest }, k) => {
      const measured = this.#measured[k];
      if (typeof at_rest === "number") return at_rest;
      return measured === undefined ? Number.NaN : frame[measured];
    });
  }
}

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

  /**
   * Holds to the limits what a plan has behind the action that was told last, as it will be when its time comes: a robot
   * that is handed the plan goes on along it alone, should nothing newer come.
   *
   * @param planned [rows · D] its row 0 is that action; changed in place.
   */
  limitAhead(planned: Float32Array): void {
    const width = this.#manifest.action.length;
    this.#limiter.rehearse(() => {
      for (let at = width; at < planned.length; at += width) {
        const row = planned.subarray(at, at + width);
        this.#limiter.limit(row, row);
      }
    });
  }

  /**
   * The rest of the way to a standstill behind the action that was told last.
   *
   * @param most rows.
   * @returns [rows · D] without those at which it stands.
   */
  stillAhead(most: number): Float32Array {
    const width = this.#manifest.action.length;
    const rows = new Float32Array(most * width);
    let length = 0;
    let before = this.#last;
    this.#limiter.rehearse(() => {
      for (let k = 0; before && k < most; k++) {
        const row = rows.subarray(k * width, (k + 1) * width);
        this.#limiter.stopping(row);
        if (row.every((value, d) => value === before?.[d])) return;
        before = row;
        length = k + 1;
      }
    });
    return rows.subarray(0, length * width);
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

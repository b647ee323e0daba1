import { float32Limits } from "../policy/float32.js";
import type { ActionEntry } from "../policy/manifest.js";

/**
 * Commands between the actions of a plan, for a robot that takes them faster than the policy gives them: cubic, with
 * continuous velocity from step to step and over every seam. Where the plan rises or falls, so do the commands, and they
 * never leave the policy's limits (tangents as of Fritsch and Carlson, SIAM J. Numer. Anal. 17, 1980). Between two actions
 * they may be up to half as fast again as the actions are; where that matters, a `Limiter` at the command period holds them.
 *
 * @example
 * const spline = new CommandSpline(manifest.action, 100);
 * spline.begin(plan.aheadFrom(step)); // once per control step
 * spline.at(0.25, command, velocity); // a quarter of a step on
 */
export class CommandSpline {
  readonly #limits: readonly { readonly lowest: number; readonly highest: number }[];
  readonly #perSecond: number;
  /** Of the present step: where it starts and ends, and the velocities there, in units per step. */
  readonly #start: Float64Array;
  readonly #end: Float64Array;
  readonly #startVelocity: Float64Array;
  readonly #endVelocity: Float64Array;
  #begun = false;

  /** @param periodMs from one action to the next. */
  constructor(actions: readonly ActionEntry[], periodMs: number) {
    this.#limits = actions.map(float32Limits);
    this.#perSecond = 1000 / periodMs;
    this.#start = new Float64Array(actions.length);
    this.#end = new Float64Array(actions.length);
    this.#startVelocity = new Float64Array(actions.length);
    this.#endVelocity = new Float64Array(actions.length);
  }

  /** Forgets what was commanded; the next step starts at its action, from standstill. */
  reset(): void {
    this.#begun = false;
  }

  /**
   * The next control step begins, with the plan as it now stands: `ahead` [rows · D], row 0 the action of this step.
   * The commands go on from where they are, to the action of the step after; without one they come to
   * rest at row 0. A plan that has changed row 0 itself is therefore met again one step later, and not by a jump.
   */
  begin(ahead: Float32Array): void {
    const width = this.#start.length;
    const last = ahead.length / width - 1;
    if (last < 0) throw new RangeError("begin() got no rows; give it the action to stand at");
    const row = (k: number, d: number) => ahead[Math.min(k, last) * width + d];
    for (let d = 0; d < width; d++) {
      this.#start[d] = this.#begun ? this.#end[d] : row(0, d);
      this.#startVelocity[d] = this.#begun ? this.#endVelocity[d] : 0;
      this.#end[d] = row(1, d);
      this.#endVelocity[d] = tangent(row(0, d), row(1, d), row(2, d));
    }
    this.#begun = true;
  }

  /**
   * Fills `command` [D], and `velocity` [D] in units per second, at a fraction `u` in [0, 1] of the present step.
   *
   * @throws Error before the first step.
   */
  at(u: number, command: Float32Array, velocity?: Float32Array): void {
    if (!this.#begun) throw new Error("there is nothing to command yet; call begin() first");
    const v = 1 - u;
    this.#limits.forEach(({ lowest, highest }, d) => {
      // As a Bézier curve: it stays between its four control points, and the tangents keep those inside the limits.
      const a = this.#start[d];
      const b = a + this.#startVelocity[d] / 3;
      const e = this.#end[d];
      const c = e - this.#endVelocity[d] / 3;
      const exact = v * v * v * a + 3 * v * v * u * b + 3 * v * u * u * c + u * u * u * e;
      command[d] = Math.min(highest, Math.max(lowest, exact));
      if (!velocity) return;
      velocity[d] = 3 * (v * v * (b - a) + 2 * v * u * (c - b) + u * u * (e - c)) * this.#perSecond;
    });
  }
}

/**
 * Velocity per step at `here`: the central difference, at most three times either increment, and none at a turning point.
 */
export function tangent(before: number, here: number, after: number): number {
  const come = here - before;
  const go = after - here;
  if (come * go <= 0) return 0;
  const most = 3 * Math.min(Math.abs(come), Math.abs(go));
  return Math.sign(go) * Math.min(Math.abs(come + go) / 2, most);
}

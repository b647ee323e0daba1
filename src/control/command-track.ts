import type { ActionEntry } from "../policy/manifest.js";
import { CommandSpline } from "./spline.js";

/** The commands of one control step at a higher rate than the policy's: row k belongs to k/commands of the step. */
export interface Commands {
  /** [commands · D] */
  readonly positions: Float32Array;
  /** [commands · D] units per second. */
  readonly velocities: Float32Array;
}

/**
 * The commands of a robot that takes them faster than the policy gives actions, step by step: continuous in position and
 * velocity over steps and seams.
 *
 * @example
 * const track = new CommandTrack(manifest.action, 100, 10); // 100 Hz from a policy at 10 Hz
 * track.next(plan.aheadFrom(step)); // { commands: { positions: Float32Array [10 · D], velocities } }
 */
export class CommandTrack {
  readonly #spline: CommandSpline;
  readonly #width: number;
  readonly #commands: number;

  constructor(actions: readonly ActionEntry[], periodMs: number, commands: number) {
    this.#spline = new CommandSpline(actions, periodMs);
    this.#width = actions.length;
    this.#commands = commands;
  }

  reset(): void {
    this.#spline.reset();
  }

  /** @param ahead [rows · D] the plan from this step on; empty when the robot is to stay as it is. */
  next(ahead: Float32Array): { readonly commands?: Commands } {
    if (this.#commands === 1) return {};
    if (ahead.length === 0) {
      this.#spline.reset();
      return {};
    }
    this.#spline.begin(ahead);
    const positions = new Float32Array(this.#commands * this.#width);
    const velocities = new Float32Array(positions.length);
    for (let k = 0; k < this.#commands; k++) {
      const [from, to] = [k * this.#width, (k + 1) * this.#width];
      this.#spline.at(k / this.#commands, positions.subarray(from, to), velocities.subarray(from, to));
    }
    return { commands: { positions, velocities } };
  }
}

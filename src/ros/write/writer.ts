import type { Stamp } from "../stamp.js";

/** What the robot is to do from a control step on, as the loop decided it. */
export interface Command {
  /** Acquisition time of the observation that it derives from; now, when it derives from none. */
  readonly stamp: Stamp;
  /** From that moment to the beginning of this control step, ms. */
  readonly sinceStampMs: number;
  /** From that moment to now, ms. */
  readonly ageMs: number;
  /** From one row to the next, ms. */
  readonly periodMs: number;
  /** [rows · D] in the policy's units: the action of this step, and those that follow as the plan stands. Never empty. */
  readonly rows: Float32Array;
  /** [D] what the robot was told in the step before; undefined at the start of an episode. */
  readonly before: Float32Array | undefined;
}

/** Puts commands into messages of one type. */
export interface Writer {
  readonly type: string;
  write(command: Command): object;
}

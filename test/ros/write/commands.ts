import type { ActionEntry } from "../../../src/policy/manifest.js";
import type { Command } from "../../../src/ros/write/writer.js";

export const entry = (name: string, unit = "m"): ActionEntry => ({ name, unit, min: -10, max: 10 });

export const STAMP = { sec: 1000, nanosec: 250_000_000 };

/** A command with these rows; 100 ms per step, and the step begins 40 ms after the observation, now unless told. */
export const command = (rows: readonly number[], changes: Partial<Command> = {}): Command => ({
  stamp: STAMP,
  sinceStampMs: 40,
  ageMs: changes.sinceStampMs ?? 40,
  periodMs: 100,
  rows: Float32Array.from(rows),
  before: undefined,
  ...changes,
});

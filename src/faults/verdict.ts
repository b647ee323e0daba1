import { GaussianStream } from "../sampling/noise.js";
import type { WireFaults } from "./faults.js";

/** Which way a message goes: from the robot to the node, or back. */
export type Direction = "observations" | "actions";

/** What is to happen to one message. */
export interface Verdict {
  readonly isDropped: boolean;
  readonly isDuplicated: boolean;
  readonly isReordered: boolean;
  readonly hasNan: boolean;
  readonly hasWrongShape: boolean;
  readonly jitterMs: number;
  /** In (0, 1]: which of the observation's numbers is spoilt. */
  readonly where: number;
}

/**
 * Draws what happens to the `ordinal`-th message of its direction: a function of the arguments alone, so that a failure
 * comes again whatever the timing. Each fault has its own draw, so that asking for one more leaves the others where
 * they were.
 *
 * @example
 * drawVerdict({ ...SOUND_WIRE, drop: 0.5 }, 7, "observations", 0).isDropped;  // always the same
 */
export function drawVerdict(
  faults: WireFaults,
  seed: number,
  direction: Direction,
  ordinal: number,
): Verdict {
  const draws = new GaussianStream(seed, 2 * ordinal + (direction === "actions" ? 1 : 0));
  return {
    isDropped: draws.uniform() <= faults.drop,
    isDuplicated: draws.uniform() <= faults.duplicate,
    isReordered: draws.uniform() <= faults.reorder,
    hasNan: draws.uniform() <= faults.nan,
    hasWrongShape: draws.uniform() <= faults.shape,
    jitterMs: draws.uniform() * faults.jitterMs,
    where: draws.uniform(),
  };
}

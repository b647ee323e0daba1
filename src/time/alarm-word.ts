/*
 * Main and the alarm thread share one 64-bit word: the moment to ring at, in monotonic nanoseconds. One word, so that it
 * cannot be read half written, and so that waiting for it to change loses no change.
 */

/** Nothing to ring for. */
export const NEVER = 2n ** 63n - 1n;
/** The thread is to end. */
export const CLOSED = -1n;

const LATEST_MS = Number(NEVER / 1_000_000n) - 1;

/** @param at milliseconds, not in the past. */
export function toWord(at: number): bigint {
  return at < LATEST_MS ? BigInt(Math.ceil(at * 1e6)) : NEVER;
}

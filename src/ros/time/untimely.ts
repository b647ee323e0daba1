/** A message that is so old was not under way: its sender's time began at another moment. */
const OTHER_CLOCK_MS = 3_600_000;

/** How far a stamp may be off this machine's time, either way, ms. */
export interface StampBounds {
  readonly aheadMs: number;
  readonly oldMs: number;
}

/**
 * What is wrong with a stamp, with the remedy, in words for a person; undefined when it is of use.
 *
 * @param stampMs, nowMs ROS time, ms; it is 0 under `use_sim_time` until something came on `/clock`.
 */
export function untimely(
  stampMs: number,
  nowMs: number,
  { aheadMs, oldMs }: StampBounds,
): string | undefined {
  const ageMs = nowMs - stampMs;
  if (-ageMs > aheadMs) {
    const ahead = `stamped ${seconds(-ageMs)} in the future`;
    return nowMs === 0
      ? `${ahead}: ROS time is 0 until something comes on /clock; start the simulator's clock, or set use_sim_time to false`
      : `${ahead}: the clocks of its sender and this machine disagree; synchronise them (chrony, PTP), or set use_sim_time on both`;
  }
  if (!(ageMs > oldMs)) return undefined;
  const stale = `stale: ${seconds(ageMs)} old, ${seconds(oldMs)} allowed`;
  const isOther = ageMs > OTHER_CLOCK_MS;
  return isOther ? `${stale}; its sender has another clock: set use_sim_time on both, or on none` : stale;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

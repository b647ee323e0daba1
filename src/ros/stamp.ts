/** A moment of ROS time, as `builtin_interfaces/Time` states it. */
export interface Stamp {
  readonly sec: number;
  readonly nanosec: number;
}

/** Milliseconds of ROS time: precise to a quarter of a microsecond in this century. */
export function stampToMs({ sec, nanosec }: Stamp): number {
  return sec * 1000 + nanosec / 1e6;
}

/** @param ms milliseconds of ROS time, not negative. */
export function msToStamp(ms: number): Stamp {
  const sec = Math.floor(ms / 1000);
  const nanosec = Math.round((ms - sec * 1000) * 1e6);
  return nanosec < 1e9 ? { sec, nanosec } : { sec: sec + 1, nanosec: nanosec - 1e9 };
}

/** A length of time, as `builtin_interfaces/Duration` states it. */
export function msToDuration(ms: number): Stamp {
  return msToStamp(ms);
}

/** A header that nobody filled in has the stamp 0. */
export function isUnset({ sec, nanosec }: Stamp): boolean {
  return sec === 0 && nanosec === 0;
}

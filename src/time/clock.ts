/**
 * Time as the control loop knows it: monotonic, in milliseconds, injected, so that a test can simulate it. Wall time is
 * for records only: it jumps.
 */
export interface Clock {
  /** Milliseconds since an arbitrary moment; never goes back. */
  now(): number;
  /**
   * Calls `ring` once at or after `at`; a moment in the past rings as soon as possible. Never rings before this returns.
   *
   * @returns takes the alarm back; a no-op once it rang.
   */
  alarm(at: number, ring: () => void): () => void;
}

/** The monotonic clock that all threads and, on Linux, all processes of one machine share, in milliseconds. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A machine that was asleep for hours must not keep the control thread busy with the ticks that it slept through. */
const MOST_AT_ONCE = 10_000;

/**
 * Finds the ticks that a stall swallowed. A stalled loop measures nothing while it stalls, so that its worst moments are
 * missing from its own figures: coordinated omission (Gil Tene's name for it). As HdrHistogram's
 * `recordWithExpectedInterval` does, the ticks that should have begun are entered with the latency they would have had:
 * until the first action that went out once they were due.
 *
 * ```ts
 * const omission = new Omission(100);
 * omission.enter(0, 20, record); // on time
 * omission.enter(500, 520, record); // calls record(420), record(320), record(220), record(120)
 * ```
 */
export class Omission {
  #begun = Number.NaN;
  #out = Number.NaN;

  constructor(readonly tickMs: number) {}

  /** What comes next is no continuation of what came before: an episode begins, or the robot had been told to stop. */
  reset(): void {
    this.#begun = Number.NaN;
    this.#out = Number.NaN;
  }

  /**
   * A tick, in milliseconds, and `record` for the end-to-end latency of each one missing before it.
   *
   * @param begun when its observation was acquired, or its alarm was due.
   * @param out when its action was out.
   * @returns how many are missing.
   */
  enter(begun: number, out: number, record: (ms: number) => void): number {
    // Half a period of jitter is none, and ticks that come in a burst after a stall have begun when they should.
    const periods = Math.round((begun - this.#begun) / this.tickMs);
    const missing = Math.min(MOST_AT_ONCE, Math.max(0, (periods || 0) - 1));
    for (let k = 1; k <= missing; k++) {
      const due = this.#begun + k * this.tickMs;
      record((due <= this.#out ? this.#out : out) - due);
    }
    this.#begun = begun;
    this.#out = out;
    return missing;
  }
}

/** The rate is that of the last whole stretch of at least so long. */
const STRETCH_MS = 1000;

/**
 * How many messages a second arrive.
 *
 * @example
 * const rate = new ArrivalRate();
 * rate.arrived(clock.now());
 * rate.hz(clock.now()); // 0 until two have arrived
 */
export class ArrivalRate {
  #hz = 0;
  #since: number | undefined;
  #last = 0;
  #counted = 0;

  arrived(nowMs: number): void {
    if (this.#since === undefined || nowMs < this.#last) {
      this.#since = nowMs;
      this.#counted = 0;
    } else {
      this.#counted += 1;
      const ms = nowMs - this.#since;
      if (this.#hz === 0 && ms > 0) this.#hz = (1000 * this.#counted) / ms;
      if (ms >= STRETCH_MS) {
        this.#hz = (1000 * this.#counted) / ms;
        this.#since = nowMs;
        this.#counted = 0;
      }
    }
    this.#last = nowMs;
  }

  /** Falls towards 0 while nothing comes. */
  hz(nowMs: number): number {
    const silentMs = nowMs - this.#last;
    return silentMs > 2000 / this.#hz ? 1000 / silentMs : this.#hz;
  }
}

import { AlarmQueue } from "./alarm-queue.js";
import type { Clock } from "./clock.js";

/**
 * Time that passes when told to: for tests, for simulators in lock-step, and for a simulation that publishes its time.
 *
 * @example
 * const clock = new SimulatedClock();
 * clock.alarm(40, () => console.log(clock.now())); // 40
 * clock.advance(100);
 */
export class SimulatedClock implements Clock {
  readonly #alarms = new AlarmQueue();
  #now: number;
  /** From the simulation's time to this clock's. */
  #ahead = 0;
  #isAdvancing = false;

  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** @throws RangeError when `at` is not a number. */
  alarm(at: number, ring: () => void): () => void {
    const alarm = this.#alarms.add(at, ring);
    return () => this.#alarms.remove(alarm);
  }

  /**
   * Rings every alarm due within the next `ms`, each at its own moment, those set meanwhile included.
   *
   * @throws RangeError when `ms` is negative or not finite; Error when called by an alarm.
   */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`time cannot advance by ${ms} ms`);
    this.#advanceTo(this.#now + ms);
  }

  /**
   * As {@link advance}, to a moment of the simulation's time. When that was set back (a restarted world, a recording
   * played again), no time passes: this clock goes on from where it was, at the simulation's pace, and alarms keep their
   * distance. From then on `now()` is ahead of the simulation's time.
   *
   * @throws RangeError when `t` is not finite; Error when called by an alarm.
   */
  advanceTo(t: number): void {
    if (t + this.#ahead < this.#now) this.#ahead = this.#now - t;
    this.#advanceTo(t + this.#ahead);
  }

  /**
   * Lets `ms` pass with nobody there to ring: what falls due meanwhile rings late, when time next advances. An alarm may
   * call it, as one that takes long.
   *
   * @throws RangeError when `ms` is negative or not finite.
   */
  stall(ms: number): void {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) throw new RangeError(`time cannot stall for ${ms} ms`);
    this.#now += ms;
  }

  #advanceTo(t: number): void {
    if (!Number.isFinite(t)) throw new RangeError(`time cannot advance to ${t} ms`);
    if (this.#isAdvancing)
      throw new Error("an alarm cannot advance the clock that rings it; it can stall it");
    this.#isAdvancing = true;
    try {
      for (let due = this.#alarms.takeDue(t); due; due = this.#alarms.takeDue(t)) {
        this.#now = Math.max(this.#now, due.at);
        due.ring();
      }
      this.#now = Math.max(this.#now, t);
    } finally {
      this.#isAdvancing = false;
    }
  }
}

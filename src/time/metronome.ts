import type { Clock } from "./clock.js";

/**
 * Beats on an absolute schedule: beat n belongs to start + n · period, however late those before it were. After a stall
 * the newest beat that is due is played at once and the ones before it are skipped, so that a beat is late by less than
 * a period.
 *
 * @example
 * const metronome = new Metronome(clock, 10, (n, late, skipped) => console.log({ n, late, skipped }));
 * metronome.start();
 */
export class Metronome {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #beat: (n: number, late: number, skipped: number) => void;
  #start = 0;
  #cancel = () => {};

  /**
   * @param beat told its number, the milliseconds by which it is late, and how many beats were skipped just before it.
   * @throws RangeError when the period is not a positive number of milliseconds.
   */
  constructor(clock: Clock, periodMs: number, beat: (n: number, late: number, skipped: number) => void) {
    if (!(periodMs > 0 && periodMs < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`a metronome cannot beat every ${periodMs} ms; give it a positive period`);
    }
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#beat = beat;
  }

  /**
   * Starts, or starts over, at beat 0. Beats of a start in the past are skipped.
   *
   * @param at moment of beat 0 on the clock; now unless given.
   * @throws RangeError when `at` is not finite.
   */
  start(at = this.#clock.now()): void {
    if (!Number.isFinite(at)) throw new RangeError(`a metronome cannot start at ${at} ms`);
    this.stop();
    this.#start = at;
    this.#await(0);
  }

  stop(): void {
    this.#cancel();
    this.#cancel = () => {};
  }

  #await(n: number): void {
    this.#cancel = this.#clock.alarm(this.#moment(n), () => this.#play(n));
  }

  #play(expected: number): void {
    const now = this.#clock.now();
    const n = this.#newest(expected, now);
    // First, so that a beat that throws does not end the schedule and one that stops it does.
    this.#await(n + 1);
    this.#beat(n, now - this.#moment(n), n - expected);
  }

  #newest(due: number, now: number): number {
    let n = Math.max(due, Math.floor((now - this.#start) / this.#periodMs));
    // The division may round across a beat's moment, either way.
    while (n > due && this.#moment(n) > now) n--;
    while (this.#moment(n + 1) <= now) n++;
    return n;
  }

  #moment(n: number): number {
    return this.#start + n * this.#periodMs;
  }
}

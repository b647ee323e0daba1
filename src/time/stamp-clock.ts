/** Share of the elapsed time by which the estimate rises: above the drift of one quartz clock against another. */
const LEAK = 1e-4;

/** A message that looks this old, behind one that came earlier, has a clock that was set back, and was not overtaken. */
const OVERTAKEN_MS = 1000;

/** How soon a second message has to bear out a first that was faster than any before. */
const AGREEMENT_MS = 10_000;

/**
 * Tells how old a message is on arrival from the sender's own monotonic stamp, without trusting that two clocks agree:
 * by how much longer it took than the fastest one did. A delay that all messages share is not seen, and one that lasts
 * is forgotten at 0.1 ms per second.
 *
 * The age is that on arrival: add what passes here until the message is used. Of stamps that cannot be right:
 * - ahead of the sender's time, once: changes nothing for the messages that follow, which are neither stale nor fresh for it;
 * - set ahead for good: believed from the second message on;
 * - set back, by a restart: the estimate starts anew, at once or, when the message might only have been overtaken on its
 *   way, with the second one.
 *
 * @example
 * const stamps = new StampClock();
 * const ageMs = stamps.age(message.stamp, clock.now());
 */
export class StampClock {
  /** Arrival minus stamp of the fastest message, ms; Infinity until two have arrived. */
  #fastest = Number.POSITIVE_INFINITY;
  /** A message that was faster still, to be borne out. */
  #faster: { readonly difference: number; readonly arrivalMs: number } | undefined;
  #newestUs = Number.NEGATIVE_INFINITY;
  #wasOvertaken = false;
  #arrivalMs = 0;

  /**
   * @param stampUs microseconds on the sender's clock.
   * @param arrivalMs milliseconds on ours, monotonic.
   * @returns milliseconds, at least 0.
   */
  age(stampUs: number, arrivalMs: number): number {
    const difference = arrivalMs - stampUs / 1000;
    this.#fastest += LEAK * Math.max(0, arrivalMs - this.#arrivalMs);
    this.#arrivalMs = arrivalMs;
    if (difference < this.#fastest) {
      this.#quicken(difference, stampUs);
      return Math.max(0, difference - this.#fastest);
    }
    const age = difference - this.#fastest;
    if (stampUs >= this.#newestUs) {
      this.#newestUs = stampUs;
      this.#wasOvertaken = false;
      return age;
    }
    if (age < OVERTAKEN_MS && !this.#wasOvertaken) {
      this.#wasOvertaken = true;
      return age;
    }
    this.reset();
    return this.age(stampUs, arrivalMs);
  }

  /** Estimates anew from the next message on, as for a new sender. */
  reset(): void {
    this.#fastest = Number.POSITIVE_INFINITY;
    this.#faster = undefined;
    this.#newestUs = Number.NEGATIVE_INFINITY;
    this.#wasOvertaken = false;
  }

  #quicken(difference: number, stampUs: number): void {
    const arrivalMs = this.#arrivalMs;
    const earlier = this.#faster;
    if (earlier && arrivalMs - earlier.arrivalMs <= AGREEMENT_MS) {
      // Of the two only the slower is borne out.
      this.#fastest = Math.max(earlier.difference, difference);
      this.#newestUs = stampUs;
      this.#wasOvertaken = false;
      if (difference >= earlier.difference) return;
    }
    this.#faster = { difference, arrivalMs };
  }
}

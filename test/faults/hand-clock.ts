import type { Clock } from "../../src/time/clock.js";

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
}

/** A clock that a test moves by hand. */
export class HandClock implements Clock {
  #now = 1000;
  readonly #alarms = new Set<Alarm>();

  now(): number {
    return this.#now;
  }

  alarm(at: number, ring: () => void): () => void {
    const alarm = { at, ring };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Lets time pass; every alarm rings at its own moment, in order. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#alarms.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.ring();
    }
    this.#now = end;
  }

  get pending(): number {
    return this.#alarms.size;
  }

  #next(end: number): Alarm | undefined {
    const [next] = [...this.#alarms].sort((a, b) => a.at - b.at);
    return next && next.at <= end ? next : undefined;
  }
}

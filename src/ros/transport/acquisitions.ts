import type { Stamp } from "../stamp.js";

/** Observations whose stamps are kept: no plan derives from one that is further back. */
const KEPT = 256;

/** The exact stamps of the observations that were handed to the loop, which knows them by their microseconds. */
export class Acquisitions {
  /** In the order in which they were handed over. */
  readonly #byUs = new Map<number, Stamp>();

  /** @returns integer microseconds of ROS time. */
  add(stamp: Stamp): number {
    const us = stamp.sec * 1e6 + Math.round(stamp.nanosec / 1000);
    this.#byUs.delete(us);
    this.#byUs.set(us, stamp);
    if (this.#byUs.size > KEPT) {
      const [oldest] = this.#byUs.keys();
      this.#byUs.delete(oldest);
    }
    return us;
  }

  /** To the microsecond, where the observation is too long ago. */
  stampOf(us: number): Stamp {
    const sec = Math.floor(us / 1e6);
    return this.#byUs.get(us) ?? { sec, nanosec: (us - sec * 1e6) * 1000 };
  }
}

import { StampClock } from "../time/stamp-clock.js";

/** A robot that has been silent for so long may count its observations from anywhere. */
const RESTART_SILENCE_MS = 1000;

/** What is known of an observation before one looks into it. */
export interface Heard {
  readonly id: number;
  /** Integer microseconds of the robot's clock. */
  readonly stamp: number;
  /** How old it was when it was sent, as the robot says, ms. */
  readonly statedAgeMs: number;
  readonly receivedAt: number;
}

/** Whether an observation counts: it is newer than all before, and as old as said. */
export type Hearing = { readonly isNewer: false } | Accepted;

interface Accepted {
  readonly isNewer: true;
  /** The robot was restarted, and begins from the beginning. */
  readonly isAnew: boolean;
  /** On arrival. */
  readonly ageMs: number;
  /** By how much it comes later than such observations do, whatever age they all have. */
  readonly lateMs: number;
}

/** One robot's side of the talk: in which order its observations were made, and how old they are. */
export class Conversation {
  /** Of when it was acquired, and of when it was sent: they differ where the robot states an age. */
  readonly #acquired = new StampClock();
  readonly #sent = new StampClock();
  #newestId = -1;
  #newestStamp = 0;
  #heardAt = 0;

  /** Of the newest observation; -1 before the first. */
  get newestId(): number {
    return this.#newestId;
  }

  hear(heard: Heard): Hearing {
    const { id, stamp, statedAgeMs, receivedAt } = heard;
    const isAnew = id <= this.#newestId && this.#isRestarted(heard);
    if (id <= this.#newestId && !isAnew) return { isNewer: false };
    this.#newestId = id;
    this.#newestStamp = stamp;
    this.#heardAt = receivedAt;
    const underWayMs = this.#sent.age(stamp + statedAgeMs * 1000, receivedAt);
    const lateMs = this.#acquired.age(stamp, receivedAt);
    return { isNewer: true, isAnew, ageMs: statedAgeMs + underWayMs, lateMs };
  }

  /**
   * Whether a robot begins a conversation anew, as one does that was restarted under its old name. A first observation
   * that was overtaken by later ones looks alike, but was acquired before them.
   */
  #isRestarted({ id, stamp, receivedAt }: Heard): boolean {
    if (receivedAt - this.#heardAt > RESTART_SILENCE_MS) {
      // After a pause, its clock may be another one.
      this.#acquired.reset();
      this.#sent.reset();
      return true;
    }
    return id === 0 && stamp > this.#newestStamp;
  }
}

import type { Clock } from "../time/clock.js";
import type { Freeze } from "./faults.js";

/** A message on its way. */
export interface Parcel<M> {
  readonly message: M;
  /** On top of the line's latency. */
  readonly jitterMs: number;
  readonly isReordered: boolean;
  /** Whether it overtakes one that is to be reordered. */
  readonly canOvertake: boolean;
}

export interface LineOptions<M> {
  readonly clock: Clock;
  readonly latencyMs: number;
  readonly freezes: readonly Freeze[];
  readonly deliver: (message: M) => void;
}

interface Waiting<M> extends Parcel<M> {
  readonly due: number;
}

/** A reordered message waits no longer to be overtaken: in lock-step nothing follows until it is answered, ms. */
const OVERTAKING_MS = 100;

/**
 * One direction of a faulty wire: holds messages until they are due, in the order in which they were sent, and lets
 * those that are to be reordered be overtaken by the next one. Loses none.
 */
export class FaultyLine<M> {
  /** Messages that a freeze held up. */
  frozen = 0;
  readonly #options: LineOptions<M>;
  /** In the clock's milliseconds, in order. */
  readonly #freezes: readonly { readonly from: number; readonly to: number }[];
  readonly #waiting: Waiting<M>[] = [];
  readonly #overtaken: Waiting<M>[] = [];
  #lastDue = Number.NEGATIVE_INFINITY;
  #takeBack: (() => void) | undefined;
  #closed = false;

  /** Freezes are counted from now on. */
  constructor(options: LineOptions<M>) {
    this.#options = options;
    const start = options.clock.now();
    this.#freezes = options.freezes
      .map(({ atMs, forMs }) => ({ from: start + atMs, to: start + atMs + forMs }))
      .sort((a, b) => a.from - b.from);
  }

  /** Takes a message; one that is due at once passes before this returns. */
  send(parcel: Parcel<M>): void {
    if (this.#closed) return;
    const wished = this.#options.clock.now() + this.#options.latencyMs + parcel.jitterMs;
    const thawed = this.#thawed(wished);
    if (thawed > wished) this.frozen++;
    this.#lastDue = Math.max(thawed, this.#lastDue);
    this.#waiting.push({ ...parcel, due: this.#lastDue });
    this.#run();
  }

  /** Forgets what is under way. */
  close(): void {
    this.#closed = true;
    this.#takeBack?.();
  }

  #run(): void {
    const now = this.#options.clock.now();
    try {
      while (!this.#closed && this.#nextDue() <= now) this.#pass(this.#waiting.shift() as Waiting<M>);
      while (!this.#closed && this.#overtakingEnd() <= now) this.#release();
    } finally {
      this.#setAlarm();
    }
  }

  #pass(parcel: Waiting<M>): void {
    if (parcel.isReordered) {
      this.#overtaken.push(parcel);
      return;
    }
    this.#options.deliver(parcel.message);
    if (parcel.canOvertake) while (this.#overtaken.length > 0) this.#release();
  }

  #release(): void {
    this.#options.deliver((this.#overtaken.shift() as Waiting<M>).message);
  }

  #nextDue(): number {
    return this.#waiting[0]?.due ?? Number.POSITIVE_INFINITY;
  }

  #overtakingEnd(): number {
    return this.#thawed((this.#overtaken[0]?.due ?? Number.POSITIVE_INFINITY) + OVERTAKING_MS);
  }

  #setAlarm(): void {
    this.#takeBack?.();
    this.#takeBack = undefined;
    const next = Math.min(this.#nextDue(), this.#overtakingEnd());
    if (!this.#closed && next < Number.POSITIVE_INFINITY) {
      this.#takeBack = this.#options.clock.alarm(next, () => this.#run());
    }
  }

  /** The moment itself, or the end of the freeze that it falls into. */
  #thawed(moment: number): number {
    let thawed = moment;
    for (const { from, to } of this.#freezes) if (thawed >= from && thawed < to) thawed = to;
    return thawed;
  }
}

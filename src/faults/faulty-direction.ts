import type { WireFaults } from "./faults.js";
import { FaultyLine, type LineOptions } from "./faulty-line.js";
import { type Direction, drawVerdict, type Verdict } from "./verdict.js";

/** What was done so far to the messages that may be lost: observations one way, actions the other. */
export interface DirectionFigures {
  readonly sent: number;
  readonly dropped: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** Made to hold a NaN. */
  readonly nan: number;
  /** Given a wrong shape. */
  readonly shape: number;
  /** Handed on; what is neither that nor dropped is under way. */
  readonly delivered: number;
  /** Messages of any kind that a freeze held up. */
  readonly frozen: number;
}

export interface DirectionOptions<M> extends Pick<LineOptions<M>, "clock" | "deliver"> {
  readonly faults: WireFaults;
  readonly seed: number;
  readonly direction: Direction;
  /** Whether a message may be lost: a newer one makes it pointless. */
  readonly isReplaceable: (message: M) => boolean;
  readonly spoil: (message: M, verdict: Verdict) => M;
}

/** Draws what happens to each message of one direction, counts it, and sends on what is left. */
export class FaultyDirection<M> {
  readonly #options: DirectionOptions<M>;
  readonly #line: FaultyLine<M>;
  readonly #counts = { sent: 0, dropped: 0, duplicated: 0, reordered: 0, nan: 0, shape: 0, delivered: 0 };

  constructor(options: DirectionOptions<M>) {
    this.#options = options;
    this.#line = new FaultyLine<M>({
      clock: options.clock,
      latencyMs: options.faults.latencyMs,
      freezes: options.faults.freezes,
      deliver: (message) => {
        if (options.isReplaceable(message)) this.#counts.delivered++;
        options.deliver(message);
      },
    });
  }

  send(message: M): void {
    const { faults, seed, direction, isReplaceable, spoil } = this.#options;
    if (!isReplaceable(message)) {
      this.#line.send({ message, jitterMs: 0, isReordered: false, canOvertake: false });
      return;
    }
    const verdict = drawVerdict(faults, seed, direction, this.#counts.sent++);
    if (verdict.isDropped) {
      this.#counts.dropped++;
      return;
    }
    if (verdict.hasNan) this.#counts.nan++;
    if (verdict.hasWrongShape) this.#counts.shape++;
    if (verdict.isReordered) this.#counts.reordered++;
    if (verdict.isDuplicated) this.#counts.duplicated++;
    const { jitterMs, isReordered } = verdict;
    const parcel = { message: spoil(message, verdict), jitterMs, isReordered, canOvertake: true };
    this.#line.send(parcel);
    if (verdict.isDuplicated) this.#line.send(parcel);
  }

  figures(): DirectionFigures {
    return { ...this.#counts, frozen: this.#line.frozen };
  }

  close(): void {
    this.#line.close();
  }
}

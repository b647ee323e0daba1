import type { LoopEvent } from "../telemetry/loop-event.js";

/**
 * The events of the last ticks, to be made a trace of when the run is over. Holds the events themselves, no copies, and
 * lets go of those before the oldest tick that it keeps.
 *
 * ```ts
 * const recent = new TraceWindow(2000);
 * for (const event of events) recent.watch(event);
 * await writeFile("trace.json", chromeTrace(recent));
 * ```
 */
export class TraceWindow implements Iterable<LoopEvent> {
  #older: LoopEvent[] = [];
  #newer: LoopEvent[] = [];
  #ticks = 0;

  /** @param ticks at least so many are kept, and at most twice as many. */
  constructor(readonly ticks: number) {}

  watch(event: LoopEvent): void {
    this.#newer.push(event);
    if (event.kind !== "tick") return;
    this.#ticks += 1;
    if (this.#ticks < this.ticks) return;
    // Two halves in turn: an array that loses its first element with every tick would be moved each time.
    this.#older = this.#newer;
    this.#newer = [];
    this.#ticks = 0;
  }

  *[Symbol.iterator](): Generator<LoopEvent> {
    yield* this.#older;
    yield* this.#newer;
  }
}

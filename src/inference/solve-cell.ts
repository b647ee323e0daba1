import type { Candidate } from "./tick.js";

/** Where things are, in words of 4 bytes: whether to stop, how many candidates have been published, and two slots. */
const STOP = 0;
const PUBLISHED = 1;
const SLOTS = 2;
/** Words of a slot before its actions: sweeps, evaluations, clipped, start, and the two halves of the residual. */
const HEADER = 6;

/**
 * What two threads share about one solve while it goes on: main's wish to end it, and the newest candidate. Neither side
 * ever waits for the other, and a worker that dies while it writes leaves the candidate before intact.
 *
 * Candidate n goes to slot n mod 2 and counts once it is complete, so that the writer is never in the slot that a reader
 * was sent to, unless it has published another since: then the reader starts over. Every word goes through `Atomics`, in
 * one order for all threads; plain ones may be reordered around the count on ARM.
 *
 * @example
 * const cell = new SolveCell(SolveCell.buffer(15 * 2)); // main, which sends cell.shared to the worker
 * new SolveCell(shared).publish(candidate); // worker, after a sweep
 * cell.candidate(); // main, at any time
 */
export class SolveCell {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  /** One slot in this thread's own memory, and its numbers. */
  readonly #copy: Int32Array;
  readonly #actions: Float32Array;
  readonly #residual = new Float64Array(1);
  readonly #halves = new Int32Array(this.#residual.buffer);

  /** Memory for candidates of so many action values. */
  static buffer(values: number): SharedArrayBuffer {
    return new SharedArrayBuffer(4 * (SLOTS + 2 * (HEADER + values)));
  }

  /** @param shared from {@link SolveCell.buffer}, the same on both sides. */
  constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
    const slot = new ArrayBuffer((4 * (this.#words.length - SLOTS)) / 2);
    this.#copy = new Int32Array(slot);
    this.#actions = new Float32Array(slot, 4 * HEADER);
  }

  stop(): void {
    Atomics.store(this.#words, STOP, 1);
  }

  get stopped(): boolean {
    return Atomics.load(this.#words, STOP) === 1;
  }

  /** Candidates published so far. */
  get published(): number {
    return Atomics.load(this.#words, PUBLISHED);
  }

  /** The worker's side, and only one thread's. */
  publish({ actions, clipped, start, residual, sweeps, evaluations }: Candidate): void {
    const copy = this.#copy;
    this.#residual[0] = residual;
    copy.set([sweeps, evaluations, clipped, start === "warm" ? 1 : 0]);
    copy.set(this.#halves, 4);
    this.#actions.set(actions);
    const next = this.published + 1;
    const at = this.#slot(next);
    for (let k = 0; k < copy.length; k++) Atomics.store(this.#words, at + k, copy[k]);
    Atomics.store(this.#words, PUBLISHED, next);
  }

  /** The newest candidate, complete; undefined before the first. */
  candidate(): Candidate | undefined {
    const copy = this.#copy;
    for (;;) {
      const newest = this.published;
      if (newest === 0) return undefined;
      const at = this.#slot(newest);
      for (let k = 0; k < copy.length; k++) copy[k] = Atomics.load(this.#words, at + k);
      if (this.published === newest) break;
    }
    this.#halves.set(copy.subarray(4, HEADER));
    return {
      actions: this.#actions.slice(),
      clipped: copy[2],
      start: copy[3] === 1 ? "warm" : "cold",
      residual: this.#residual[0],
      sweeps: copy[0],
      evaluations: copy[1],
    };
  }

  #slot(candidate: number): number {
    return SLOTS + (candidate % 2) * this.#copy.length;
  }
}

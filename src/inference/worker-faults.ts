import { GaussianStream } from "../sampling/noise.js";

/**
 * Failures of the inference worker that happen on purpose, the same ones every time. `at` is the ordinal of a solve,
 * from 1, counted over all workers of a host, so that the worker which replaces another does not fail again. A solve
 * that ends before its first sweep does not fail.
 */
export interface WorkerFaults {
  /** Blocks the thread after the first sweep; for ever when `ms` is null. */
  readonly stall?: { readonly at: number; readonly ms: number | null };
  /** Ends the thread after the first sweep. */
  readonly crash?: { readonly at: number };
  /** Lengthens the first network call of every solve by `ms` and a random share of `jitterMs`. */
  readonly delay?: { readonly ms: number; readonly jitterMs: number; readonly seed: number };
  /** The network gives no numbers throughout the solve. */
  readonly nan?: { readonly at: number };
  /** What a further thread of the network does at its own call number `call`, from 1, in every worker. */
  readonly shard?: { readonly call: number; readonly how: "throws" | "dies" | "hangs" };
}

/** Lets {@link WorkerFaults} happen, inside the worker. */
export class FaultInjector {
  readonly #faults: WorkerFaults;
  #solve = 0;
  #isDelayed = true;
  #hasSwept = true;
  #sleptMs = 0;

  constructor(faults: WorkerFaults) {
    this.#faults = faults;
  }

  /** Milliseconds by which network calls have been lengthened. */
  get sleptMs(): number {
    return this.#sleptMs;
  }

  beginSolve(ordinal: number): void {
    this.#solve = ordinal;
    this.#isDelayed = false;
    this.#hasSwept = false;
  }

  /** To be called after every sweep. */
  swept(): void {
    const { stall, crash } = this.#faults;
    if (this.#hasSwept) return;
    this.#hasSwept = true;
    if (crash?.at === this.#solve) process.exit(1);
    if (stall?.at === this.#solve) sleep(stall.ms ?? Number.POSITIVE_INFINITY);
  }

  /** To be called after every network call, with what it gave. */
  called(predictions: Float64Array): void {
    const { delay, nan } = this.#faults;
    if (nan?.at === this.#solve) predictions.fill(Number.NaN);
    if (!delay || this.#isDelayed) return;
    this.#isDelayed = true;
    const ms = delay.ms + delay.jitterMs * new GaussianStream(delay.seed, this.#solve).uniform();
    sleep(ms);
    this.#sleptMs += ms;
  }
}

/** Blocks the thread as a busy device does: no message and no timer gets through. */
function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

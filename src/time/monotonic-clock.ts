import { createHistogram, type Histogram } from "node:perf_hooks";
import { Worker } from "node:worker_threads";
import { AlarmQueue } from "./alarm-queue.js";
import { CLOSED, NEVER, toWord } from "./alarm-word.js";
import { type Clock, monotonicMs } from "./clock.js";

// What setTimeout can count.
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * The machine's monotonic clock. A thread of its own sleeps until the earliest alarm, because Node's timers are late by
 * milliseconds; they only stand in for it while it starts, and for good, with a warning, should it die.
 *
 * @example
 * const clock = new MonotonicClock();
 * await clock.ready;
 * const cancel = clock.alarm(clock.now() + 40, () => console.log("the budget is spent"));
 * cancel();
 * await clock.close();
 */
export class MonotonicClock implements Clock {
  /** How late alarms rang, in microseconds of at least 1; one for the past is late from its being set. */
  readonly lateness: Histogram;
  /** Settles once alarms are punctual, or will not be: the thread runs, has died or was closed. Never rejects. */
  readonly ready: Promise<void>;
  readonly #record: (microseconds: number) => void;
  readonly #alarms = new AlarmQueue();
  readonly #word = new BigInt64Array(new SharedArrayBuffer(8)).fill(NEVER);
  readonly #thread: Worker;
  readonly #exited: Promise<void>;
  #state: "starting" | "punctual" | "lost" | "closed" = "starting";
  #isUnreferenced = false;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;

  constructor() {
    const lateness = createHistogram();
    this.lateness = lateness;
    this.#record = (microseconds) => lateness.record(microseconds);
    this.#thread = new Worker(new URL("./alarm-worker.js", import.meta.url), { workerData: this.#word });
    this.#exited = new Promise((resolve) => this.#thread.once("exit", () => resolve()));
    const arrived = new Promise<void>((resolve) => this.#thread.once("message", resolve));
    this.ready = Promise.race([arrived, this.#exited]);
    this.#thread.on("message", () => {
      if (this.#state === "starting") this.#state = "punctual";
      this.#ringDue();
    });
    this.#thread.on("error", (error) => this.#lose(error.message));
    this.#thread.on("exit", (code) => this.#lose(`it ended with code ${code}`));
  }

  now(): number {
    return monotonicMs();
  }

  /** @throws RangeError when `at` is not a number. Once the clock is closed no alarm rings. */
  alarm(at: number, ring: () => void): () => void {
    if (this.#state === "closed") return () => {};
    const due = Math.max(at, this.now());
    const alarm = this.#alarms.add(at, () => {
      this.#record(Math.max(1, Math.round((this.now() - due) * 1000)));
      ring();
    });
    this.#arm();
    return () => {
      this.#alarms.remove(alarm);
      this.#arm();
    };
  }

  /** Lets the process end while the clock is open. */
  unref(): this {
    this.#isUnreferenced = true;
    this.#thread.unref();
    this.#timer?.unref();
    return this;
  }

  /** Forgets every alarm; settles when the thread has ended. */
  async close(): Promise<void> {
    this.#state = "closed";
    this.#alarms.clear();
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    Atomics.store(this.#word, 0, CLOSED);
    Atomics.notify(this.#word, 0);
    await this.#exited;
  }

  #ringDue(): void {
    const now = this.now();
    // An alarm that is set for the past by one that rings waits a turn, or the two could keep the loop for ever.
    const before = this.#alarms.set;
    try {
      for (let due = this.#alarms.takeDue(now, before); due; due = this.#alarms.takeDue(now, before)) {
        due.ring();
      }
    } finally {
      this.#arm();
    }
  }

  #arm(): void {
    if (this.#state === "closed") return;
    clearTimeout(this.#timer);
    const at = this.#alarms.earliest;
    const leftMs = at - this.now();
    if (leftMs <= 0) {
      this.#turn ??= setImmediate(() => {
        this.#turn = undefined;
        this.#ringDue();
      });
    } else if (this.#state === "punctual") {
      const word = toWord(at);
      if (Atomics.exchange(this.#word, 0, word) !== word) Atomics.notify(this.#word, 0);
    } else if (leftMs < Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(() => this.#ringDue(), Math.min(leftMs, LONGEST_TIMEOUT_MS));
      if (this.#isUnreferenced) this.#timer.unref();
    }
  }

  #lose(reason: string): void {
    if (this.#state === "lost" || this.#state === "closed") return;
    this.#state = "lost";
    process.emitWarning(
      `the thread that times the actions has died: ${reason}. Node's timers stand in for it, and are late by milliseconds; ` +
        "restart the node when the robot may rest",
      { code: "PARAPILOT_ALARM_THREAD" },
    );
    this.#arm();
  }
}

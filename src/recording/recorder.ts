import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { Worker } from "node:worker_threads";
import { ConfigurationError, checked } from "../policy/errors.js";
import type { LoopEvent } from "../telemetry/loop-event.js";
import { monotonicMs } from "../time/clock.js";
import {
  RECORDING_FORMAT,
  RECORDING_METADATA,
  type RecordingHeader,
  recordingHeaderSchema,
} from "./mcap-header.js";
import {
  COUNTERS,
  type FromRecorder,
  type RecordedBatch,
  type RecorderStart,
  type ToRecorder,
} from "./recorder-protocol.js";
import { type QueueBounds, RecorderQueue } from "./recorder-queue.js";

/** How much of what was to be recorded is in the file. */
export interface RecorderFigures {
  /** Events in the file, after a crash too: those still under way do not count yet. */
  readonly written: number;
  /** Events that will never be: the disk was too slow, or the recording has stopped. */
  readonly dropped: number;
  /** Size of the file. */
  readonly bytes: number;
}

export interface RecorderOptions {
  readonly queue?: QueueBounds;
  /** How long `close` waits for a disk that hangs, ms. */
  readonly patience?: number;
  /** The clock that the events' times are from, ms; {@link monotonicMs} if left out. */
  readonly now?: () => number;
}

const QUEUE: QueueBounds = { events: 10_000, bytes: 32 << 20 };
const PATIENCE_MS = 5000;

/**
 * Writes what happens in a control node to an MCAP file, from a thread of its own. Whatever the disk does, the loop is
 * not held up: between the two is a bounded queue, and what does not fit is dropped and counted, in the file too.
 *
 * @example
 * const recorder = await Recorder.open("out/run.mcap", header, console.error);
 * recorder.record(event); // of every LoopEvent
 * const { written, dropped } = await recorder.close();
 */
export class Recorder {
  /** The file's name: not the one asked for where that exists already. */
  readonly file: string;
  readonly #worker: Worker;
  readonly #queue: RecorderQueue;
  readonly #trouble: (text: string) => void;
  readonly #patience: number;
  readonly #exited: Promise<void>;
  #offered = 0;
  #state: "open" | "closing" | "over" = "open";

  private constructor(
    file: string,
    worker: Worker,
    counters: SharedArrayBuffer,
    trouble: (text: string) => void,
    { queue = QUEUE, patience = PATIENCE_MS }: RecorderOptions,
  ) {
    this.file = file;
    this.#worker = worker;
    this.#queue = new RecorderQueue(queue, new BigInt64Array(counters));
    this.#trouble = trouble;
    this.#patience = patience;
    worker.on("message", (message: FromRecorder) => {
      if (message.kind === "failed") this.#fail(message.message);
    });
    worker.on("error", (error) => this.#fail(error.message));
    this.#exited = new Promise((resolve) => {
      worker.on("exit", () => {
        if (this.#state === "open") this.#fail("its thread has ended");
        this.#state = "over";
        resolve();
      });
    });
  }

  /**
   * Begins a recording; the file's folder is made if need be, and a file that exists is left alone: the recording then
   * goes to `run-1.mcap` instead of `run.mcap`.
   *
   * @param trouble told once when the recording stops by itself; the loop goes on without it.
   * @throws ConfigurationError when the file cannot be written, or the header is not one.
   */
  static async open(
    file: string,
    header: RecordingHeader,
    trouble: (text: string) => void,
    options: RecorderOptions = {},
  ): Promise<Recorder> {
    const written = checked(recordingHeaderSchema, header);
    const { now = monotonicMs } = options;
    const cannot = (why: string) =>
      new ConfigurationError(
        `cannot record to ${file}: ${why}; record to another place, or without --record`,
      );
    await mkdir(dirname(file), { recursive: true }).catch((error: Error) => {
      throw cannot(error.message);
    });
    const counters = new SharedArrayBuffer(8 * Object.keys(COUNTERS).length);
    const epochNs = BigInt(Date.now()) * 1_000_000n - BigInt(Math.round(now() * 1e6));
    const workerData: RecorderStart = {
      file,
      library: `parapilot ${written.versions.parapilot ?? ""}`.trim(),
      metadata: {
        name: RECORDING_METADATA,
        metadata: new Map([
          ["format", RECORDING_FORMAT],
          ["epoch_ns", String(epochNs)],
          ["header", JSON.stringify(written)],
        ]),
      },
      epochNs,
      counters,
    };
    const worker = new Worker(new URL("./recorder-worker.js", import.meta.url), { workerData });
    const opened = await new Promise<FromRecorder>((resolve) => {
      worker.once("message", resolve);
      worker.once("error", (error) => resolve({ kind: "failed", message: error.message }));
    });
    if (opened.kind === "failed") throw cannot(opened.message);
    return new Recorder(opened.file, worker, counters, trouble, options);
  }

  /** Takes an event, copying what the loop may go on to change. Never blocks, never throws. */
  record(event: LoopEvent): void {
    this.#offered += 1;
    if (this.#state !== "open") {
      this.#queue.drop(event);
      return;
    }
    try {
      // Posted once the loop is done with what it is at: that takes longer than to queue it.
      if (this.#queue.isEmpty) setImmediate(() => this.#post());
      this.#queue.offer(event);
    } catch {
      this.#queue.drop(event);
    }
  }

  figures(): RecorderFigures {
    const { dropped, counters } = this.#queue;
    const written = Number(Atomics.load(counters, COUNTERS.written));
    return {
      written,
      dropped: this.#state === "over" ? this.#offered - written : dropped,
      bytes: Number(Atomics.load(counters, COUNTERS.bytes)),
    };
  }

  /** Writes what waits and finishes the file. Always settles: a disk that hangs is left to itself after a while. */
  async close(): Promise<RecorderFigures> {
    if (this.#state === "open") {
      this.#state = "closing";
      this.#send(this.#queue.takeLast());
      this.#worker.postMessage(null satisfies ToRecorder);
    }
    let timer: NodeJS.Timeout | undefined;
    const hung = new Promise<true>((resolve) => {
      timer = setTimeout(resolve, this.#patience, true);
    });
    if (await Promise.race([this.#exited, hung])) {
      this.#fail(`the disk has not answered for ${this.#patience} ms`);
      this.#worker.unref();
    }
    clearTimeout(timer);
    return this.figures();
  }

  #post(): void {
    if (this.#state === "open" && !this.#queue.isEmpty) this.#send(this.#queue.take());
  }

  #send(batch: RecordedBatch): void {
    try {
      this.#worker.postMessage(batch satisfies ToRecorder);
    } catch (error) {
      this.#fail((error as Error).message);
    }
  }

  #fail(why: string): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#worker.postMessage(null satisfies ToRecorder);
    this.#trouble(
      `the recording ${this.file} has stopped: ${why}. The robot goes on without it, and what was written can be read; ` +
        "see to the disk and start again to record on",
    );
  }
}

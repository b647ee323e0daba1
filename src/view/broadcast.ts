import type { LoopEvent } from "../telemetry/loop-event.js";
import { monotonicMs } from "../time/clock.js";
import type { EventStream } from "./event-stream.js";
import type { LiveState } from "./live-state.js";

/** A page gets at most 30 messages a second, each with every tick since the one before. */
const FRAME_MS = 1000 / 30;
/** A page also hears from a node that has nothing to do. */
const BEAT_MS = 1000;
/** Events waiting to be written out; the loop may bring more in one turn only if it has gone wild. */
const MOST_WAITING = 4096;

/** What may go wrong while sending. */
interface Mishaps {
  dropped(): void;
  failed(error: Error): void;
}

/** Sends pages the state, decimated, and taps every event; all of it after the loop's turn, never within. */
export class Broadcast {
  readonly #pages = new Set<EventStream>();
  readonly #taps = new Set<EventStream>();
  readonly #beat: NodeJS.Timeout;
  #waiting: LoopEvent[] = [];
  #isFlushing = false;
  #frame: NodeJS.Timeout | undefined;
  #lastFrame = Number.NEGATIVE_INFINITY;

  constructor(
    readonly state: LiveState,
    readonly mishaps: Mishaps,
  ) {
    this.#beat = setInterval(() => this.#guarded(() => this.#keepAlive()), BEAT_MS).unref();
  }

  get clients(): number {
    return this.#pages.size + this.#taps.size;
  }

  addPage(stream: EventStream, description: unknown): void {
    this.#pages.add(stream);
    stream.send(JSON.stringify({ description, state: this.state.whole(monotonicMs()) }), "hello");
  }

  addTap(stream: EventStream, description: unknown): void {
    this.#taps.add(stream);
    stream.send(JSON.stringify(description), "hello");
  }

  remove(stream: EventStream): void {
    this.#pages.delete(stream);
    this.#taps.delete(stream);
  }

  publish(event: LoopEvent): void {
    if (this.#pages.size > 0 && this.#frame === undefined) {
      const due = Math.max(0, this.#lastFrame + FRAME_MS - monotonicMs());
      this.#frame = setTimeout(() => this.#guarded(() => this.#sendFrame()), Math.ceil(due)).unref();
    }
    if (this.#taps.size === 0) return;
    if (this.#waiting.length >= MOST_WAITING) {
      this.mishaps.dropped();
      return;
    }
    this.#waiting.push(event);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => this.#guarded(() => this.#flush()));
  }

  close(): void {
    clearInterval(this.#beat);
    clearTimeout(this.#frame);
    for (const stream of [...this.#pages, ...this.#taps]) stream.close();
    this.#pages.clear();
    this.#taps.clear();
  }

  /** A timer's exception would end the process, and the loop with it. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.mishaps.failed(error as Error);
    }
  }

  #sendFrame(): void {
    this.#frame = undefined;
    this.#lastFrame = monotonicMs();
    const json = JSON.stringify(this.state.news(this.#lastFrame));
    for (const page of this.#pages) page.send(json);
  }

  #flush(): void {
    this.#isFlushing = false;
    const events = this.#waiting;
    this.#waiting = [];
    for (const event of events) {
      const json = toJson(event);
      for (const tap of this.#taps) tap.send(json);
    }
  }

  #keepAlive(): void {
    if (this.#pages.size > 0 && monotonicMs() - this.#lastFrame > BEAT_MS / 2) this.#sendFrame();
    for (const tap of this.#taps) tap.beat();
  }
}

/** Typed arrays become arrays; numbers that JSON cannot hold (NaN, infinities), null. */
function toJson(event: LoopEvent): string {
  return JSON.stringify(plain(event));
}

/** Not a replacer, which JSON.stringify would call for each number of each array. */
function plain(value: unknown): unknown {
  if (value instanceof Float64Array || value instanceof Float32Array) return Array.from(value);
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

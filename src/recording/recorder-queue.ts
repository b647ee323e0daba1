import { detached } from "./mcap-copy.js";
import type { RecordedEvent } from "./mcap-schema.js";
import { COUNTERS, type RecordedBatch } from "./recorder-protocol.js";

/** Events, and bytes of memory, that may wait for the disk. */
export interface QueueBounds {
  readonly events: number;
  readonly bytes: number;
}

/**
 * Main's end of the queue to the recorder's thread. What does not fit is dropped and counted, and the next event that
 * does fit is preceded by a notice of it.
 */
export class RecorderQueue {
  #events: RecordedEvent[] = [];
  #sizes: number[] = [];
  #sent = 0;
  #sentBytes = 0;
  #dropped = 0;
  /** Dropped events that the file does not tell of yet, and when the last of them was. */
  #untold = 0;
  #untoldAt = 0;

  /** @param counters how far the thread is, by {@link COUNTERS}. */
  constructor(
    readonly bounds: QueueBounds,
    readonly counters: BigInt64Array,
  ) {}

  get dropped(): number {
    return this.#dropped;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** Takes a copy of an event, or drops it. */
  offer(event: RecordedEvent): void {
    const { copy, bytes } = detached(event);
    if (!this.#fits(bytes)) {
      this.drop(event);
      return;
    }
    this.#tellOfDrops();
    this.#push(copy, bytes);
  }

  drop(event: RecordedEvent): void {
    this.#dropped += 1;
    this.#untold += 1;
    this.#untoldAt = event.at;
  }

  /** What waits to be posted; the next batch begins. */
  take(): RecordedBatch {
    const batch = { events: this.#events, sizes: this.#sizes };
    this.#events = [];
    this.#sizes = [];
    return batch;
  }

  /** The last batch, with a notice of what was dropped at the end. */
  takeLast(): RecordedBatch {
    this.#tellOfDrops();
    return this.take();
  }

  #fits(bytes: number): boolean {
    const waiting = this.#sent - Number(Atomics.load(this.counters, COUNTERS.taken));
    const waitingBytes = this.#sentBytes - Number(Atomics.load(this.counters, COUNTERS.takenBytes));
    return waiting < this.bounds.events && waitingBytes + bytes <= this.bounds.bytes;
  }

  #tellOfDrops(): void {
    if (this.#untold > 0) this.#push({ kind: "dropped", at: this.#untoldAt, count: this.#untold }, 0);
    this.#untold = 0;
  }

  #push(event: RecordedEvent, bytes: number): void {
    this.#events.push(event);
    this.#sizes.push(bytes);
    this.#sent += 1;
    this.#sentBytes += bytes;
  }
}

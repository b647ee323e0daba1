import { setTimeout as sleep } from "node:timers/promises";
import { type ClientMessage, encodeMessage, type NodeMessage } from "./message.js";

/** What became of one message handed to the wire: taken, not yet (try again), or there is nobody to take it. */
export type Handover = "taken" | "full" | "gone";

interface Letter {
  readonly bytes: Uint8Array;
  /** Whether a newer message makes this one pointless: observations and actions, not what is said once. */
  readonly replaceable: boolean;
}

/** What an {@link Outbox} stands in front of. */
export interface OutboxOptions {
  /** Messages that may wait. */
  readonly capacity: number;
  /** Tries to hand one encoded message over; must not reject. */
  readonly write: (bytes: Uint8Array) => Promise<Handover>;
  readonly onDrop: (count: number) => void;
  /** Nothing waits any more. */
  readonly onIdle?: () => void;
}

/** How long a full wire is left alone, ms: well under a control period, and rare enough to cost nothing. */
const RETRY_MS = 5;

/**
 * The bounded queue in front of a wire that may be slower than its sender. Sockets keep the oldest messages and drop
 * the newest; a control loop wants it the other way round, so the queue stands here.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #letters: Letter[] = [];
  #sending = false;
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Queues a message, making room by dropping the oldest replaceable one; a free wire takes it before this returns. */
  push(message: ClientMessage | NodeMessage): void {
    if (this.#closed) {
      this.#options.onDrop(1);
      return;
    }
    const replaceable = message.type === "action" || message.type === "observation";
    this.#letters.push({ bytes: encodeMessage(message), replaceable });
    this.#makeRoom();
    if (!this.#sending) void this.#sendAll();
  }

  /** Forgets what waits and takes nothing more. */
  close(): void {
    this.#closed = true;
    this.#letters.length = 0;
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    for (let letter = this.#letters.shift(); letter !== undefined; letter = this.#letters.shift()) {
      const handover = await this.#options.write(letter.bytes);
      if (this.#closed) break;
      if (handover === "full") {
        this.#letters.unshift(letter);
        this.#makeRoom();
        await sleep(RETRY_MS);
      } else if (handover === "gone") {
        this.#options.onDrop(1 + this.#letters.length);
        this.#letters.length = 0;
      }
    }
    this.#sending = false;
    this.#options.onIdle?.();
  }

  #makeRoom(): void {
    while (this.#letters.length > this.#options.capacity) {
      const oldest = this.#letters.findIndex((letter) => letter.replaceable);
      this.#letters.splice(Math.max(oldest, 0), 1);
      this.#options.onDrop(1);
    }
  }
}

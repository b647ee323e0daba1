import type { ServerResponse } from "node:http";

/** What a client that reads too slowly may have waiting for it; the next message is thrown away and counted. */
const QUEUE_BYTES = 1 << 20;
/** A client that takes nothing for so long is cut off, so that it holds no place. */
const STALL_MS = 30_000;

const HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
};

/** One client of Server-Sent Events. Sending never waits, and never keeps more than a bounded queue. */
export class EventStream {
  readonly #response: ServerResponse;
  #unreported = 0;

  constructor(
    response: ServerResponse,
    readonly onDrop: () => void,
  ) {
    this.#response = response;
    // A client that is gone must not end the process.
    response.on("error", () => response.destroy());
    response.setTimeout(STALL_MS, () => response.destroy());
    response.writeHead(200, HEADERS);
    response.flushHeaders();
  }

  /** Sends one message, `event` unnamed unless given; after a gap, an event `dropped` with its length goes before it. */
  send(json: string, event = ""): void {
    if (this.#response.destroyed) return;
    if (this.#response.writableLength > QUEUE_BYTES) {
      this.#unreported += 1;
      this.onDrop();
      return;
    }
    const gap = this.#unreported > 0 ? message(String(this.#unreported), "dropped") : "";
    this.#unreported = 0;
    this.#response.write(gap + message(json, event));
  }

  /** Tells a client that the node lives, and this end that the client does not. */
  beat(): void {
    if (!this.#response.destroyed && this.#response.writableLength === 0) this.#response.write(":\n\n");
  }

  close(): void {
    this.#response.destroy();
  }
}

function message(json: string, event: string): string {
  return `${event ? `event: ${event}\n` : ""}data: ${json}\n\n`;
}

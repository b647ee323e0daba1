import { type IncomingMessage, request } from "node:http";

export interface SseMessage {
  readonly event: string;
  readonly data: unknown;
}

/** Follows a stream of Server-Sent Events until it is closed. */
export class SseReader {
  readonly messages: SseMessage[] = [];
  bytes = 0;
  ended = false;
  #rest = "";
  #notify: () => void = () => {};

  private constructor(readonly response: IncomingMessage) {}

  static open(url: string, { paused = false } = {}): Promise<SseReader> {
    return new Promise((resolve, reject) => {
      request(url, (response) => {
        const reader = new SseReader(response);
        if (!paused) reader.resume();
        resolve(reader);
      })
        .on("error", reject)
        .end();
    });
  }

  resume(): void {
    this.response.setEncoding("utf8");
    this.response.on("data", (text: string) => this.#take(text));
    this.response.on("close", () => {
      this.ended = true;
      this.#notify();
    });
    // The node ends streams abruptly; `close` follows.
    this.response.on("error", () => {});
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => (this.#notify = resolve));
  }

  close(): void {
    this.response.destroy();
  }

  #take(text: string): void {
    this.bytes += text.length;
    const blocks = (this.#rest + text).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = new Map(
        block.split("\n").map((line) => line.split(/: ?(.*)/s).slice(0, 2) as [string, string]),
      );
      const data = fields.get("data");
      if (data !== undefined) {
        this.messages.push({ event: fields.get("event") ?? "message", data: JSON.parse(data) });
      }
    }
    this.#notify();
  }
}

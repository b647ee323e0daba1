import type { RefusedMessage } from "../src/transport/message.js";
import { RefusedError } from "./policy-client.js";

/** A sensor may fail for a moment; a robot that is refused so often in a row is wrong altogether. */
const MOST_REFUSALS = 10;

/** Counts refusals in a row. */
export class Refusals {
  #inARow = 0;

  /** @throws RefusedError when it is one too many, or such that no later observation can do better. */
  refused({ reason, message }: RefusedMessage): void {
    this.#inARow += 1;
    if (this.#inARow >= MOST_REFUSALS || reason === "malformed" || reason === "oversized") {
      throw new RefusedError(
        `the node refused ${this.#inARow} observations in a row, the last because ${message}`,
      );
    }
  }

  answered(): void {
    this.#inARow = 0;
  }
}

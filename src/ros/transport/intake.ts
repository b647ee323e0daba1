import type { Reader, Reading } from "../read/reader.js";

/** When a message came: on the loop's clock, and in ROS time, ms. */
export interface Arrival {
  readonly atMs: number;
  readonly rosMs: number;
}

interface Arrived {
  readonly message: unknown;
  readonly arrival: Arrival;
}

/**
 * Reads the messages of one topic, in order. Where a reading takes its time (a compressed image), one is under way and
 * the newest message waits behind it: those in between are dropped.
 */
export class Intake {
  /** Messages that a newer one replaced before they were read. */
  dropped = 0;
  readonly #reader: Reader;
  readonly #done: (reading: Reading, arrival: Arrival) => void;
  #waiting: Arrived | undefined;
  #isReading = false;
  /** Counts {@link forget}: what was under way before is not told. */
  #era = 0;

  constructor(reader: Reader, done: (reading: Reading, arrival: Arrival) => void) {
    this.#reader = reader;
    this.#done = done;
  }

  take(message: unknown, arrival: Arrival): void {
    if (!this.#isReading) this.#read({ message, arrival });
    else {
      if (this.#waiting) this.dropped += 1;
      this.#waiting = { message, arrival };
    }
  }

  /** What came before is of no interest any more. */
  forget(): void {
    this.#era += 1;
    this.#waiting = undefined;
  }

  #read({ message, arrival }: Arrived): void {
    const reading = this.#reader.read(message);
    if (reading instanceof Promise) void this.#wait(reading, arrival);
    else this.#done(reading, arrival);
  }

  async #wait(reading: Promise<Reading>, arrival: Arrival): Promise<void> {
    const era = this.#era;
    this.#isReading = true;
    const read = await reading.catch(
      (error: Error): Reading => ({ ok: false, problem: `cannot be decoded: ${error.message}` }),
    );
    this.#isReading = false;
    if (era === this.#era) this.#done(read, arrival);
    const next = this.#waiting;
    this.#waiting = undefined;
    if (next) this.#read(next);
  }
}

import { closeSync, fstatSync, ftruncateSync, openSync, statSync, writeSync } from "node:fs";
import { join, parse } from "node:path";
import type { ByteSink } from "./mcap-writer.js";

/** A new file on disk; never one that holds a recording already. For a thread of its own: every call blocks. */
export class DiskFile implements ByteSink {
  readonly name: string;
  readonly #descriptor: number;
  #whole = 0;

  /** Opens `name`, or, where there is such a file, the first of `name-1`, `name-2` … that there is not. */
  constructor(name: string) {
    let candidate = name;
    for (let k = 1; isRegularFile(candidate); k++) {
      const { dir, name: stem, ext } = parse(name);
      candidate = join(dir, `${stem}-${k}${ext}`);
    }
    this.name = candidate;
    this.#descriptor = openSync(candidate, "w");
  }

  /** @throws Error when the bytes could not be written, or when the file was deleted meanwhile. */
  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.byteLength; ) {
      done += writeSync(this.#descriptor, bytes, done, bytes.byteLength - done);
    }
    // An open file can be written to after its deletion, for nobody to read.
    if (fstatSync(this.#descriptor).nlink === 0) throw new Error("the file was deleted");
    this.#whole += bytes.byteLength;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Closes the file without the piece of a write that failed. */
  abandon(): void {
    // Nothing can be done about a file that has failed already; a reader passes over the piece.
    attempt(() => ftruncateSync(this.#descriptor, this.#whole));
    attempt(() => this.close());
  }
}

function attempt(task: () => void): void {
  try {
    task();
  } catch {}
}

function isRegularFile(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isFile() ?? false;
}

import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "vitest";
import { unblockedOutput } from "../../src/cli/unblocked-output.js";
import { temporaryFolder } from "../policy/bundles.js";

/** A pipe that holds 64 kB until somebody reads it. */
let writing: number;
let reading: number;
beforeEach(async () => {
  const pipe = join(await temporaryFolder(), "pipe");
  execFileSync("mkfifo", [pipe]);
  reading = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  writing = openSync(pipe, constants.O_WRONLY);
});
afterEach(() => {
  closeSync(reading);
  closeSync(writing);
});

/** All that is in the pipe at present. */
function drain(): string {
  const bytes = Buffer.alloc(1 << 20);
  try {
    return bytes.toString("utf8", 0, readSync(reading, bytes));
  } catch {
    return "";
  }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

async function eventually(text: string): Promise<void> {
  for (let read = ""; !read.includes(text); read += drain()) await nextTurn();
}

test("says what it is given, in order", async () => {
  const write = unblockedOutput(writing);
  write("one\n");
  write("two\n");
  await eventually("one\ntwo\n");
});

test("waits for no reader, and goes on with the next who comes", async () => {
  const write = unblockedOutput(writing);
  // Ten times what the pipe holds: a write that waits would never return.
  for (let line = 0; line < 10_000; line++) write(`${"x".repeat(63)}\n`);
  await nextTurn();
  // Until the reader has caught up, what is said may still be lost.
  for (let read = ""; !read.includes("here again"); read += drain()) {
    write("here again\n");
    await nextTurn();
  }
});

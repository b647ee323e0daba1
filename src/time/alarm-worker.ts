import { parentPort, workerData } from "node:worker_threads";
import { CLOSED, NEVER } from "./alarm-word.js";

const word = workerData as BigInt64Array;
const ring = () => parentPort?.postMessage(null);

// The first message says that the thread is there.
ring();
for (let due = Atomics.load(word, 0); due !== CLOSED; due = Atomics.load(word, 0)) {
  const leftMs = due === NEVER ? Number.POSITIVE_INFINITY : Number(due - process.hrtime.bigint()) / 1e6;
  if (leftMs > 0) Atomics.wait(word, 0, due, leftMs);
  // Unless main has another moment in mind by now.
  else if (Atomics.compareExchange(word, 0, due, NEVER) === due) ring();
}

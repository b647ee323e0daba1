import { parentPort, workerData } from "node:worker_threads";
import { RecordingChannels } from "./mcap-channels.js";
import { DiskFile } from "./mcap-file.js";
import { McapFileWriter } from "./mcap-writer.js";
import {
  COUNTERS,
  type FromRecorder,
  type RecordedBatch,
  type RecorderStart,
  type ToRecorder,
} from "./recorder-protocol.js";

/** So much of a recording is lost with a process that is killed. */
const CHUNK_MS = 1000;

if (!parentPort) throw new Error("recorder-worker.js is started by Recorder, not by hand");
const port = parentPort;
const send = (message: FromRecorder): void => port.postMessage(message);
const start = workerData as RecorderStart;

function record(file: DiskFile): void {
  const counters = new BigInt64Array(start.counters);
  const channels = new RecordingChannels(start.epochNs);
  let inChunk = 0;

  // Messages that had arrived before the port was closed still come.
  let isOver = false;
  const finish = (): void => {
    isOver = true;
    clearInterval(timer);
    port.close();
  };
  const guard = (task: () => void): void => {
    if (isOver) return;
    try {
      task();
    } catch (error) {
      file.abandon();
      send({ kind: "failed", message: (error as Error).message });
      finish();
    }
  };
  const account = (): void => {
    if (BigInt(writer.position) === Atomics.load(counters, COUNTERS.bytes)) return;
    Atomics.store(counters, COUNTERS.bytes, BigInt(writer.position));
    Atomics.add(counters, COUNTERS.written, BigInt(inChunk));
    inChunk = 0;
  };
  const finishChunk = (): void => {
    writer.finishChunk();
    account();
  };
  const end = (): void => {
    finishChunk();
    writer.end();
    file.close();
    account();
    finish();
  };
  const take = ({ events, sizes }: RecordedBatch): void => {
    events.forEach((event, k) => {
      writer.add(channels.entry(event));
      if (event.kind !== "dropped") inChunk += 1;
      account();
      Atomics.add(counters, COUNTERS.taken, 1n);
      Atomics.add(counters, COUNTERS.takenBytes, BigInt(sizes[k]));
    });
  };

  const writer = new McapFileWriter(file, start.library, start.metadata);
  account();
  const timer = setInterval(() => guard(finishChunk), CHUNK_MS);
  port.on("message", (message: ToRecorder) => guard(() => (message ? take(message) : end())));
  send({ kind: "open", file: file.name });
}

try {
  record(new DiskFile(start.file));
} catch (error) {
  send({ kind: "failed", message: (error as Error).message });
}

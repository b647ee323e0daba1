import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { CallGate } from "../call-gate.js";
import type { NetworkFiles } from "../graphs.js";
import { OnnxNetwork } from "../onnx.js";
import type { WorkerFaults } from "../worker-faults.js";
import { changes, ShardMemory, SIGNALS, type ToShard } from "./shard-memory.js";

/** What the thread of a shard is started with; the files come after it, so that their copy can go once they are loaded. */
export interface ShardStart {
  readonly signals: Int32Array;
  readonly port: MessagePort;
  readonly spinMs: number;
  readonly fault: WorkerFaults["shard"];
  /** Of the gate that its calls go through. */
  readonly gate: SharedArrayBuffer;
}

/** Told by the thread once: undefined when it is ready, else why it cannot be. */
export interface ShardReadiness {
  readonly problem: string | undefined;
}

if (!parentPort) throw new Error("shard-thread.js is started by Shard, not by hand");
const owner = parentPort;
const { signals, port, spinMs, fault, gate: shared } = workerData as ShardStart;
const gate = new CallGate(shared, () => process.exit());

owner.once("message", async (files: NetworkFiles) => {
  let network: OnnxNetwork;
  try {
    network = await gate.within(() => OnnxNetwork.load(files, { provider: "cpu", threads: 1, spin: false }));
  } catch (error) {
    owner.postMessage({ problem: (error as Error).message } satisfies ShardReadiness);
    return;
  }
  owner.postMessage({ problem: undefined } satisfies ShardReadiness);
  await serve(network);
});

async function serve(network: OnnxNetwork): Promise<void> {
  const size = network.shape.horizon * network.shape.dim;
  let memory = new ShardMemory(0, size);
  let answered = 0;
  for (;;) {
    const news = Atomics.load(signals, SIGNALS.news);
    // Before the port: what a call needs was left there before it was made.
    const call = Atomics.load(signals, SIGNALS.call);
    for (let left = receiveMessageOnPort(port); left; left = receiveMessageOnPort(port)) {
      const message = left.message as ToShard;
      if (message.kind === "observe") network.observe(message.observation);
      else if (message.kind === "memory") memory = new ShardMemory(message.capacity, size, message.shared);
      else {
        await gate.within(() => network.close());
        port.close();
        return;
      }
    }
    if (call === answered) {
      changes(signals, SIGNALS.news, news, spinMs);
      continue;
    }
    try {
      if (call === fault?.call) strike(fault.how);
      const { states, levels, answers, owners } = memory;
      const rows = Atomics.load(signals, SIGNALS.rows);
      await gate.within(() => network.predictNoise(states, levels, rows, answers, owners));
      Atomics.store(signals, SIGNALS.failed, 0);
    } catch (error) {
      port.postMessage((error as Error).message);
      Atomics.store(signals, SIGNALS.failed, 1);
    }
    answered = call;
    Atomics.store(signals, SIGNALS.answered, call);
    Atomics.notify(signals, SIGNALS.answered);
  }
}

function strike(how: NonNullable<WorkerFaults["shard"]>["how"]): void {
  if (how === "throws") throw new Error("it was told to fail");
  if (how === "dies") process.exit(1);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

import { setTimeout as sleep } from "node:timers/promises";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { ConfigurationError } from "../../policy/errors.js";
import { monotonicMs } from "../../time/clock.js";
import { CallGate } from "../call-gate.js";
import type { NetworkFiles } from "../graphs.js";
import type { WorkerFaults } from "../worker-faults.js";
import { changes, ShardMemory, SIGNALS, type ToShard } from "./shard-memory.js";
import type { ShardReadiness, ShardStart } from "./shard-thread.js";

/** An answer is waited for without letting in events, which would say that the thread has died, for so long. */
const BLOCKED_MS = 100;
/** A hang is noticed by so many looks in a row without an answer: a freeze of the whole process counts as one. */
const LOOKS = 4;
const CLOSING_MS = 1000;

/** A shard has died or hangs: the network will answer no more calls. */
export class ShardLostError extends Error {
  override readonly name = "ShardLostError";

  /** @param quiet resolves when the shard is in no call any more, and can go. */
  constructor(
    message: string,
    readonly quiet: () => Promise<void>,
  ) {
    super(message);
  }
}

/** The caller's side of one thread with one session of the network, for a part of the rows of every large call. */
export class Shard {
  readonly #worker: Worker;
  readonly #gate: CallGate;
  readonly #port: MessagePort;
  readonly #signals: Int32Array;
  readonly #size: number;
  readonly #spinMs: number;
  readonly #exited: Promise<void>;
  #memory: ShardMemory;
  #rows = 0;
  #ended: string | undefined;

  private constructor(worker: Worker, port: MessagePort, start: ShardStart, gate: CallGate, size: number) {
    this.#worker = worker;
    this.#gate = gate;
    this.#port = port;
    this.#signals = start.signals;
    this.#spinMs = start.spinMs;
    this.#size = size;
    this.#memory = new ShardMemory(0, size);
    worker.on("error", (error) => this.#end(`a network thread died: ${error.message}`));
    this.#exited = new Promise((resolve) => {
      worker.once("exit", (code) => {
        this.#end(`a network thread ended with code ${code}`);
        resolve();
      });
    });
  }

  /**
   * @param size of one state.
   * @param spinMs how long the thread waits busily for the next call, and its caller for the answer.
   * @throws ConfigurationError when the thread cannot load the network.
   */
  static async start(
    files: NetworkFiles,
    size: number,
    spinMs: number,
    fault: WorkerFaults["shard"],
  ): Promise<Shard> {
    const { port1, port2 } = new MessageChannel();
    const signals = new Int32Array(new SharedArrayBuffer(4 * Object.keys(SIGNALS).length));
    const gate = new CallGate();
    const start: ShardStart = { signals, port: port2, spinMs, fault, gate: gate.shared };
    const worker = new Worker(new URL("./shard-thread.js", import.meta.url), {
      workerData: start,
      transferList: [port2],
    });
    const shard = new Shard(worker, port1, start, gate, size);
    const ready = new Promise<string | undefined>((resolve) => {
      worker.once("message", ({ problem }: ShardReadiness) => resolve(problem));
      void shard.#exited.then(() => resolve(shard.#ended));
    });
    worker.postMessage(files);
    const problem = await ready;
    // Like a session that nobody released, it does not keep the process.
    worker.unref();
    if (problem !== undefined) throw new ConfigurationError(problem);
    return shard;
  }

  /** @throws ShardLostError when the thread has gone. */
  check(): void {
    if (this.#ended !== undefined) throw new ShardLostError(this.#ended, () => this.#gate.emptied());
  }

  /** Also wakes the thread, which then waits busily for the call to come. */
  observe(observation: Float64Array): void {
    this.#tell({ kind: "observe", observation });
  }

  /** Begins to answer `rows` rows from row `from` on. */
  begin(states: Float64Array, levels: Int32Array, from: number, rows: number, owners?: Int32Array): void {
    const size = this.#size;
    if (rows > this.#memory.capacity) {
      this.#memory = new ShardMemory(rows, size);
      this.#tell({ kind: "memory", shared: this.#memory.shared, capacity: rows });
    }
    this.#rows = rows;
    this.#memory.states.set(states.subarray(from * size, (from + rows) * size));
    this.#memory.levels.set(levels.subarray(from, from + rows));
    if (owners) this.#memory.owners.set(owners.subarray(from, from + rows));
    else this.#memory.owners.fill(0);
    Atomics.store(this.#signals, SIGNALS.rows, rows);
    Atomics.add(this.#signals, SIGNALS.call, 1);
    this.#wake();
  }

  /**
   * Puts the answers into `out` from row `from` on.
   *
   * @param hangMs without an answer, after which the thread counts as hung.
   * @throws ShardLostError when the thread dies or hangs; Error with the session's own message when its call failed.
   */
  async finish(out: Float64Array, from: number, hangMs: number): Promise<void> {
    const before = Atomics.load(this.#signals, SIGNALS.call) - 1;
    if (!changes(this.#signals, SIGNALS.answered, before, this.#spinMs, BLOCKED_MS)) {
      await this.#outwait(before, hangMs);
    }
    if (Atomics.load(this.#signals, SIGNALS.failed) === 1) {
      throw new Error(`a network thread failed: ${receiveMessageOnPort(this.#port)?.message}`);
    }
    out.set(this.#memory.answers.subarray(0, this.#rows * this.#size), from * this.#size);
  }

  async #outwait(before: number, hangMs: number): Promise<void> {
    for (let look = 0; look < LOOKS; look++) {
      const next = monotonicMs() + hangMs / LOOKS;
      while (monotonicMs() < next) {
        if (Atomics.load(this.#signals, SIGNALS.answered) !== before) return;
        this.check();
        await sleep(1);
      }
    }
    this.#end(`a network thread hangs: no answer in ${hangMs.toFixed(0)} ms`);
    this.#terminate();
    this.check();
  }

  /** Ends the thread, without its help if it is hung, but not within a call. */
  async close(): Promise<void> {
    this.#tell({ kind: "close" });
    const patience = new AbortController();
    const { signal } = patience;
    await Promise.race([this.#exited, sleep(CLOSING_MS, undefined, { signal }).catch(() => {})]);
    patience.abort();
    this.#port.close();
    this.#terminate();
    // It dies with the thread that calls this.
    await this.#gate.emptied();
  }

  #terminate(): void {
    // Not awaited: a thread that is stuck in native code may never end.
    if (this.#gate.shut()) void this.#worker.terminate();
  }

  #tell(message: ToShard): void {
    this.#port.postMessage(message);
    this.#wake();
  }

  #wake(): void {
    Atomics.add(this.#signals, SIGNALS.news, 1);
    Atomics.notify(this.#signals, SIGNALS.news);
  }

  #end(message: string): void {
    this.#ended ??= message;
  }
}

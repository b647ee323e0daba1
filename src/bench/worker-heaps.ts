import { Session } from "node:inspector/promises";

/** A worker that has not answered by then waits for something with its event loop at rest. */
const PATIENCE_MS = 2000;

interface Reply {
  readonly id: number;
  readonly result?: { readonly usedSize?: number };
}

/**
 * The heaps of all worker threads of this process, wherever in it they were started, by way of the inspector: Node 20 has
 * no other that collects their garbage first. A worker that sleeps in `Atomics.wait` does not answer and is left out.
 *
 * @example
 * const heaps = await WorkerHeaps.open();
 * await heaps.used(); // bytes
 * heaps.close();
 */
export class WorkerHeaps {
  readonly #session = new Session();
  readonly #workers = new Set<string>();
  readonly #open = new Map<number, (bytes: number | undefined) => void>();
  #asked = 0;

  private constructor() {
    this.#session.connect();
    this.#session.on("NodeWorker.attachedToWorker", ({ params }) => this.#workers.add(params.sessionId));
    this.#session.on("NodeWorker.detachedFromWorker", ({ params }) => this.#workers.delete(params.sessionId));
    this.#session.on("NodeWorker.receivedMessageFromWorker", ({ params }) => {
      const { id, result } = JSON.parse(params.message) as Reply;
      this.#open.get(id)?.(result?.usedSize ?? 0);
    });
  }

  static async open(): Promise<WorkerHeaps> {
    const heaps = new WorkerHeaps();
    await heaps.#session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
    return heaps;
  }

  /** Bytes that the workers can still reach. Holds each of them up for a full collection. */
  async used(): Promise<number> {
    let bytes = 0;
    for (const worker of [...this.#workers]) {
      const answered = await this.#ask(worker, "HeapProfiler.collectGarbage");
      if (answered === undefined) this.#workers.delete(worker);
      else bytes += (await this.#ask(worker, "Runtime.getHeapUsage")) ?? 0;
    }
    return bytes;
  }

  close(): void {
    this.#session.disconnect();
  }

  async #ask(sessionId: string, method: string): Promise<number | undefined> {
    const id = this.#asked++;
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<number | undefined>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS, undefined);
      this.#open.set(id, resolve);
    });
    await this.#session.post("NodeWorker.sendMessageToWorker", {
      sessionId,
      message: JSON.stringify({ id, method }),
    });
    const bytes = await answer;
    clearTimeout(timer);
    this.#open.delete(id);
    return bytes;
  }
}

import { setTimeout as sleep } from "node:timers/promises";

/** Where things are, in words of 4 bytes. */
const INSIDE = 0;
const SHUT = 1;

const LOOK_MS = 20;

/**
 * Between a thread that calls native code and the one that may want its end. A thread that is terminated while
 * onnxruntime runs takes the whole process with it ("terminate called after throwing an instance of 'Napi::Error'"): the
 * answer that it comes back with cannot be handed over any more. So its calls go through a gate, and once that is shut
 * the thread begins no further one and leaves by itself after the one that it is in.
 *
 * @example
 * const gate = new CallGate(); // the owner, which sends gate.shared to the thread
 * await new CallGate(shared, () => process.exit()).within(() => session.run(feeds)); // the thread
 * if (gate.shut()) worker.terminate(); // the owner: otherwise it leaves by itself
 */
export class CallGate {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #leave: () => void;

  /**
   * @param shared of the gate on the other side.
   * @param leave ends the thread; its own side needs it.
   */
  constructor(shared = new SharedArrayBuffer(8), leave = () => {}) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
    this.#leave = leave;
  }

  /** The thread's side: makes a call, or several within it; a gate that is shut ends the thread before and after it. */
  async within<T>(call: () => Promise<T>): Promise<T> {
    // In this order: the owner shuts before it looks, so that one of the two sees what the other has done.
    Atomics.add(this.#words, INSIDE, 1);
    try {
      if (Atomics.load(this.#words, SHUT) === 1) this.#leave();
      return await call();
    } finally {
      const others = Atomics.sub(this.#words, INSIDE, 1) - 1;
      if (others === 0 && Atomics.load(this.#words, SHUT) === 1) this.#leave();
    }
  }

  /** The owner's side. True: the thread is in no call, and may be terminated. */
  shut(): boolean {
    Atomics.store(this.#words, SHUT, 1);
    return this.isEmpty;
  }

  get isEmpty(): boolean {
    return Atomics.load(this.#words, INSIDE) === 0;
  }

  /** Resolves when the thread is in no call. */
  async emptied(): Promise<void> {
    while (!this.isEmpty) await sleep(LOOK_MS);
  }
}

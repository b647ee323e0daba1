import type { ChunkMessage, NodeMessage, PolicyMessage, RefusedMessage } from "../src/transport/message.js";
import type { FloatArray } from "../src/transport/ndarray.js";
import type { ClientTransport } from "../src/transport/transport.js";

/** What a world shows at one control step. */
export interface Sighting {
  readonly episode: number;
  /** Control steps executed so far in the episode. */
  readonly step: number;
  readonly observation: Readonly<Record<string, FloatArray>>;
}

/** Raised when the control node does not answer in time: the message says where it was looked for and what to check. */
export class SilentNodeError extends Error {
  override readonly name = "SilentNodeError";
}

/**
 * The robot's end of the conversation: numbers and stamps observations, and matches each reply to its request. A reply
 * to a request that was given up is dropped, never taken for the answer to a later one.
 *
 * @example
 * const client = new PolicyClient(connectZeromqClient(endpoint), endpoint);
 * const policy = await client.describe();
 * const reply = await client.plan({ episode: 0, step: 0, observation });
 * if (reply.type === "chunk") execute(reply.actions);
 */
export class PolicyClient {
  readonly #transport: ClientTransport;
  readonly #waiting = new Map<number, (reply: ChunkMessage | RefusedMessage) => void>();
  #described: ((policy: PolicyMessage) => void) | undefined;
  #id = 0;

  constructor(
    transport: ClientTransport,
    readonly endpoint: string,
    readonly patienceMs = 30_000,
  ) {
    this.#transport = transport;
    transport.listen((message) => this.#receive(message));
  }

  /** Asks the node what it runs; waits for a node that is still starting. Rejects with {@link SilentNodeError}. */
  describe(): Promise<PolicyMessage> {
    return this.#within("describe its policy", (resolve) => {
      this.#described = resolve;
      this.#transport.send({ type: "hello" });
    });
  }

  /** Shows the node an observation without asking for a chunk. */
  observe(sighting: Sighting): void {
    this.#send(sighting, false);
  }

  /** Asks for a chunk. A refusal is an answer too; only silence rejects, with {@link SilentNodeError}. */
  plan(sighting: Sighting): Promise<ChunkMessage | RefusedMessage> {
    return this.#within(`answer the observation of step ${sighting.step}`, (resolve) => {
      this.#waiting.set(this.#send(sighting, true), resolve);
    });
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  #send({ episode, step, observation }: Sighting, plan: boolean): number {
    const id = this.#id++;
    const stamp = Math.round(performance.now() * 1e6);
    this.#transport.send({ type: "observation", id, stamp, episode, step, plan, observation });
    return id;
  }

  #receive(message: NodeMessage): void {
    if (message.type === "policy") {
      this.#described?.(message);
      return;
    }
    if (message.id === null) return;
    const settle = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    settle?.(message);
  }

  #within<T>(what: string, begin: (resolve: (value: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const text = `the node at ${this.endpoint} did not ${what} within ${this.patienceMs / 1000} s`;
        reject(
          new SilentNodeError(
            `${text}: is it running (parapilot run launch/pusht.yaml), and on this endpoint?`,
          ),
        );
      }, this.patienceMs);
      begin((value) => {
        clearTimeout(timer);
        resolve(value);
      });
    });
  }
}

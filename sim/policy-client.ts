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

/** Raised when the node cannot read what this client sends; its reason is in the message. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

interface Request<T> {
  readonly answer: (value: T) => void;
  readonly giveUp: (error: Error) => void;
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
  readonly #plans = new Map<number, Request<ChunkMessage | RefusedMessage>>();
  #description: Request<PolicyMessage> | undefined;
  #nextId = 0;

  constructor(
    transport: ClientTransport,
    readonly endpoint: string,
    readonly patienceMs = 30_000,
  ) {
    this.#transport = transport;
    transport.listen((message) => this.#receive(message));
  }

  /**
   * Asks the node what it runs, which begins a conversation; waits for a node that is still starting.
   * Rejects with {@link SilentNodeError}.
   */
  describe(): Promise<PolicyMessage> {
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#description = undefined;
      };
      this.#description = this.#request("describe its policy", resolve, reject, done);
      this.#transport.send({ type: "hello" });
    });
  }

  /** Shows the node an observation without asking for a chunk. */
  observe(sighting: Sighting): void {
    this.#send(sighting, this.#nextId++, false);
  }

  /**
   * Asks for a chunk. A refusal is an answer too; only silence rejects, with {@link SilentNodeError}, and a node that
   * cannot read this client, with {@link RefusedError}.
   */
  plan(sighting: Sighting): Promise<ChunkMessage | RefusedMessage> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const done = () => this.#plans.delete(id);
      const what = `answer the observation of step ${sighting.step}`;
      this.#plans.set(id, this.#request(what, resolve, reject, done));
      this.#send(sighting, id, true);
    });
  }

  /** Disconnects; what is still unanswered is given up. */
  async close(): Promise<void> {
    this.#giveUp(new SilentNodeError("the client was closed before the node answered"));
    await this.#transport.close();
  }

  #send({ episode, step, observation }: Sighting, id: number, plan: boolean): void {
    const stamp = Math.round(performance.now() * 1000);
    this.#transport.send({ type: "observation", id, stamp, episode, step, plan, observation });
  }

  #receive(message: NodeMessage): void {
    if (message.type === "policy") this.#description?.answer(message);
    else if (message.id !== null) this.#plans.get(message.id)?.answer(message);
    else if (message.type === "refused") {
      this.#giveUp(new RefusedError(`the node at ${this.endpoint} refused a message: ${message.message}`));
    }
  }

  #giveUp(error: Error): void {
    this.#description?.giveUp(error);
    for (const request of [...this.#plans.values()]) request.giveUp(error);
  }

  #request<T>(
    what: string,
    resolve: (value: T) => void,
    reject: (error: Error) => void,
    done: () => void,
  ): Request<T> {
    const settle = () => {
      clearTimeout(timer);
      done();
    };
    const giveUp = (error: Error) => {
      settle();
      reject(error);
    };
    const timer = setTimeout(() => {
      const seconds = this.patienceMs / 1000;
      const text = `the node at ${this.endpoint} did not ${what} within ${seconds} s`;
      giveUp(
        new SilentNodeError(
          `${text}: is it running (parapilot run launch/pusht.yaml), and on this endpoint?`,
        ),
      );
    }, this.patienceMs);
    return {
      giveUp,
      answer: (value) => {
        settle();
        resolve(value);
      },
    };
  }
}

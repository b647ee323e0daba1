import { type Clock, monotonicMs } from "../src/time/clock.js";
import type {
  ActionMessage,
  NodeMessage,
  ObservationMessage,
  PolicyMessage,
  RefusedMessage,
} from "../src/transport/message.js";
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

/** Raised when the node cannot read what this client sends, or cannot use it; its reason is in the message. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

export interface PolicyClientOptions {
  /** How long a question may stay unanswered. */
  readonly patienceMs?: number;
  /**
   * How long at most before an observation is shown again because its answer may be lost. Sooner when answers have been
   * coming sooner.
   */
  readonly repeatMs?: number;
}

/** Messages kept for a robot that does not listen; older ones are of no use to it. */
const MOST_NEWS = 64;

/** A question is asked again after so many times the longest that an answer has taken, and not before this. */
const REPEAT_AFTER = 4;
const SOONEST_REPEAT_MS = 200;

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
 * const reply = await client.act({ episode: 0, step: 0, observation });
 * if (reply.type === "action") execute(reply.actions);
 */
export class PolicyClient {
  readonly #transport: ClientTransport;
  readonly #patienceMs: number;
  readonly #repeatMs: number;
  readonly #acts = new Map<number, Request<ActionMessage | RefusedMessage>>();
  #description: Request<PolicyMessage> | undefined;
  #nextId = 0;
  #repeats = 0;
  /** The longest that an answer to an observation has taken, ms. */
  #longestMs: number | undefined;
  /** Answers to {@link show} and actions by the node's own clock that nobody has taken yet. */
  readonly #news: (ActionMessage | RefusedMessage)[] = [];
  #hearNews = () => {};

  constructor(
    transport: ClientTransport,
    readonly endpoint: string,
    { patienceMs = 30_000, repeatMs = 5_000 }: PolicyClientOptions = {},
  ) {
    this.#transport = transport;
    this.#patienceMs = patienceMs;
    this.#repeatMs = repeatMs;
    transport.listen((message) => this.#receive(message));
  }

  /**
   * Asks the node what it runs; waits for a node that is still starting. Rejects with {@link SilentNodeError}.
   */
  describe(): Promise<PolicyMessage> {
    return new Promise((resolve, reject) => {
      const send = (request: Request<PolicyMessage>) => {
        this.#description = request;
        this.#transport.send({ type: "hello" });
      };
      const done = () => {
        this.#description = undefined;
      };
      this.#request("describe its policy", send, { resolve, reject, done });
    });
  }

  /** Shows the node an observation without asking for an action. */
  observe(sighting: Sighting): void {
    this.#send(sighting, "none");
  }

  /** Real time: asks for this step's action, and for the next ones by the clock; they come to {@link nextAction}. */
  show(sighting: Sighting): void {
    this.#send(sighting, "paced");
  }

  /** Times that a question was asked again because no answer had come. */
  get repeats(): number {
    return this.#repeats;
  }

  /**
   * Lock-step: asks for the action of this step and waits for it. A refusal is an answer too; only silence rejects, with
   * {@link SilentNodeError}, and a node that cannot read this client, with {@link RefusedError}.
   */
  act(sighting: Sighting): Promise<ActionMessage | RefusedMessage> {
    return new Promise((resolve, reject) => {
      const ids: number[] = [];
      const send = (request: Request<ActionMessage | RefusedMessage>) => {
        const id = this.#send(sighting, "once");
        ids.push(id);
        const shownAt = monotonicMs();
        const answer = (reply: ActionMessage | RefusedMessage) => {
          this.#longestMs = Math.max(this.#longestMs ?? 0, monotonicMs() - shownAt);
          request.answer(reply);
        };
        this.#acts.set(id, { ...request, answer });
      };
      const done = () => {
        for (const id of ids) this.#acts.delete(id);
      };
      const what = `answer the observation of step ${sighting.step}`;
      this.#request(what, send, { resolve, reject, done });
    });
  }

  /** What has come for a robot in real time and has not been taken, oldest first. */
  takeNews(): readonly (ActionMessage | RefusedMessage)[] {
    return this.#news.splice(0);
  }

  /** The next message of a robot in real time; undefined when none has come until then. */
  async nextAction(clock: Clock, until: number): Promise<ActionMessage | RefusedMessage | undefined> {
    while (this.#news.length === 0 && clock.now() < until) {
      await new Promise<void>((resolve) => {
        const cancel = clock.alarm(until, resolve);
        this.#hearNews = () => {
          cancel();
          resolve();
        };
      });
    }
    return this.#news.shift();
  }

  /** Disconnects; what is still unanswered is given up. */
  async close(): Promise<void> {
    this.#giveUp(new SilentNodeError("the client was closed before the node answered"));
    await this.#transport.close();
  }

  #send({ episode, step, observation }: Sighting, reply: ObservationMessage["reply"]): number {
    const id = this.#nextId++;
    const stamp = Math.round(monotonicMs() * 1000);
    this.#transport.send({ type: "observation", id, stamp, episode, step, reply, observation });
    return id;
  }

  #receive(message: NodeMessage): void {
    if (message.type === "policy") this.#description?.answer(message);
    else {
      const request = message.id === null ? undefined : this.#acts.get(message.id);
      if (request) {
        // The answer to an earlier showing of the same step may be that a later one is newer.
        if (message.type === "refused" && message.reason === "superseded")
          this.#acts.delete(message.id as number);
        else request.answer(message);
      } else if (message.type === "refused" && message.id === null) {
        this.#giveUp(new RefusedError(`the node at ${this.endpoint} refused a message: ${message.message}`));
      } else {
        this.#news.push(message);
        if (this.#news.length > MOST_NEWS) this.#news.shift();
        this.#hearNews();
      }
    }
  }

  get #repeatAfterMs(): number {
    if (this.#longestMs === undefined) return this.#repeatMs;
    return Math.min(this.#repeatMs, Math.max(SOONEST_REPEAT_MS, REPEAT_AFTER * this.#longestMs));
  }

  #giveUp(error: Error): void {
    this.#description?.giveUp(error);
    for (const request of new Set(this.#acts.values())) request.giveUp(error);
  }

  /** Sends, and sends again from time to time, until it is answered or given up. */
  #request<T>(
    what: string,
    send: (request: Request<T>) => void,
    on: {
      readonly resolve: (value: T) => void;
      readonly reject: (error: Error) => void;
      readonly done: () => void;
    },
  ): void {
    const settle = () => {
      clearTimeout(timer);
      clearInterval(repeat);
      on.done();
    };
    const request: Request<T> = {
      giveUp: (error) => {
        settle();
        on.reject(error);
      },
      answer: (value) => {
        settle();
        on.resolve(value);
      },
    };
    const repeat = setInterval(() => {
      this.#repeats += 1;
      send(request);
    }, this.#repeatAfterMs);
    const timer = setTimeout(() => {
      const seconds = this.#patienceMs / 1000;
      const text = `the node at ${this.endpoint} did not ${what} within ${seconds} s`;
      request.giveUp(
        new SilentNodeError(
          `${text}: is it running (parapilot run, with a launch file), and on this endpoint?`,
        ),
      );
    }, this.#patienceMs);
    send(request);
  }
}

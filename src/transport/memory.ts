import { setImmediate as nextTurn } from "node:timers/promises";
import { monotonicMs } from "../time/clock.js";
import { type ClientMessage, type NodeMessage, parseClientMessage, parseNodeMessage } from "./message.js";
import { type Handover, Outbox } from "./outbox.js";
import { runHandler } from "./run-handler.js";
import {
  type ClientHandler,
  type ClientTransport,
  type NodeHandlers,
  type NodeTransport,
  TransportError,
} from "./transport.js";

/** Messages that may wait in one direction; about what a ZeroMQ pair holds. */
const CAPACITY = 16;

/** A node and its clients inside one process; see {@link memoryTransport}. */
export interface MemoryTransport {
  readonly node: NodeTransport;
  /** Adds a client. */
  connect(): ClientTransport;
}

/**
 * A transport without sockets, for tests, simulations and policies in the robot's own process. Messages become the same
 * bytes as over ZeroMQ and arrive one per turn of the event loop, so what works here works there.
 *
 * @param now tells when a message arrives, ms; a simulation gives its own clock's.
 *
 * ```ts
 * const { node, connect } = memoryTransport();
 * node.listen({
 *   message: (peer) => node.send(peer, { type: "refused", id: null, stamp: null, reason: "stopping", message: "bye" }),
 *   malformed: (peer, refusal) => node.send(peer, refusal),
 * });
 * const client = connect();
 * client.listen((message) => console.log(message.type));  // refused
 * client.send({ type: "hello" });
 * ```
 */
export function memoryTransport(now: () => number = monotonicMs): MemoryTransport {
  const node = new MemoryNode(now);
  return { node, connect: () => node.connect() };
}

class MemoryNode implements NodeTransport {
  readonly now: () => number;
  readonly address = "memory";
  dropped = 0;
  readonly #clients = new Map<string, MemoryClient>();
  #connected = 0;
  #handlers: NodeHandlers | undefined;
  #closed = false;

  constructor(now: () => number) {
    this.now = now;
  }

  connect(): MemoryClient {
    const peer = `memory-${this.#connected++}`;
    const client = new MemoryClient(this, peer);
    this.#clients.set(peer, client);
    return client;
  }

  listen(handlers: NodeHandlers): void {
    if (this.#handlers !== undefined)
      throw new TransportError("listen() was called twice on the memory node");
    this.#handlers = handlers;
  }

  send(peer: string, message: NodeMessage): void {
    const client = this.#clients.get(peer);
    if (client === undefined || this.#closed) this.dropped++;
    else client.inbox.push(message);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const client of this.#clients.values()) client.inbox.close();
  }

  forget(peer: string): void {
    this.#clients.delete(peer);
  }

  /** Takes one message of a client; before `listen` it has to wait, as in a socket's buffer. */
  receive(peer: string, bytes: Uint8Array): Handover {
    const handlers = this.#handlers;
    if (this.#closed) return "gone";
    if (handlers === undefined) return "full";
    const receivedAt = this.now();
    const parsed = parseClientMessage(bytes);
    runHandler(() => {
      if (parsed.ok) handlers.message(peer, parsed.message, receivedAt);
      else handlers.malformed(peer, parsed.refusal, receivedAt);
    });
    return "taken";
  }
}

class MemoryClient implements ClientTransport {
  dropped = 0;
  /** From the node to this client. */
  readonly inbox: Outbox;
  readonly #outbox: Outbox;
  readonly #leave: () => void;
  readonly #now: () => number;
  #handler: ClientHandler | undefined;

  constructor(node: MemoryNode, peer: string) {
    this.inbox = new Outbox({
      capacity: CAPACITY,
      write: (bytes) => nextTurn().then(() => this.#receive(bytes)),
      onDrop: (count) => {
        node.dropped += count;
      },
    });
    this.#outbox = new Outbox({
      capacity: CAPACITY,
      write: (bytes) => nextTurn().then(() => node.receive(peer, bytes)),
      onDrop: (count) => {
        this.dropped += count;
      },
    });
    this.#now = node.now;
    this.#leave = () => node.forget(peer);
  }

  listen(handler: ClientHandler): void {
    if (this.#handler !== undefined) throw new TransportError("listen() was called twice on a memory client");
    this.#handler = handler;
  }

  send(message: ClientMessage): void {
    this.#outbox.push(message);
  }

  async close(): Promise<void> {
    this.#leave();
    this.inbox.close();
    this.#outbox.close();
  }

  #receive(bytes: Uint8Array): Handover {
    const handler = this.#handler;
    if (handler === undefined) return "full";
    const receivedAt = this.#now();
    const parsed = parseNodeMessage(bytes);
    runHandler(() => handler(parsed.ok ? parsed.message : parsed.refusal, receivedAt));
    return "taken";
  }
}

import { Dealer, Router } from "zeromq";
import { bindEndpoint, checkBindEndpoint, DEFAULT_ENDPOINT } from "./endpoint.js";
import { openEnvelope, sealEnvelope } from "./envelope.js";
import {
  type ClientMessage,
  type NodeMessage,
  parseClientMessage,
  parseNodeMessage,
  type RefusedMessage,
} from "./message.js";
import { Outbox } from "./outbox.js";
import { receiveAll, SOCKET_OPTIONS, write } from "./socket.js";
import {
  type ClientHandler,
  type ClientTransport,
  type NodeHandlers,
  type NodeTransport,
  TransportError,
} from "./transport.js";

/** Options of {@link bindZeromqNode}. */
export interface ZeromqNodeOptions {
  /** Allow an endpoint that other machines can reach. Nothing on the wire is authenticated or encrypted. */
  readonly allowRemote?: boolean;
}

/** Messages that wait for a slow peer before the oldest is dropped, besides the socket's own few. */
const OUTBOX_CAPACITY = 8;

/**
 * Opens the node's end: a ROUTER socket bound to `endpoint` (`tcp://host:port`, port `*` for any free one, or
 * `ipc://path`). Clients are DEALER sockets that send one frame per message; REQ sockets work too.
 *
 * Throws {@link TransportError} for an endpoint that is malformed, reachable from other machines without
 * `allowRemote`, or already in use.
 *
 * ```ts
 * const node = await bindZeromqNode("ipc:///tmp/parapilot.sock");
 * node.listen({
 *   message: (peer, message) => console.log(peer, message.type),
 *   malformed: (peer, refusal) => node.send(peer, refusal),
 * });
 * ```
 */
export async function bindZeromqNode(
  endpoint: string = DEFAULT_ENDPOINT,
  options: ZeromqNodeOptions = {},
): Promise<NodeTransport> {
  checkBindEndpoint(endpoint, options.allowRemote ?? false);
  const socket = new Router({ ...SOCKET_OPTIONS, mandatory: true, ipv6: endpoint.includes("[") });
  try {
    await bindEndpoint(socket, endpoint);
  } catch (error) {
    socket.close();
    throw error;
  }
  return new ZeromqNode(socket, socket.lastEndpoint ?? endpoint);
}

/**
 * Opens a client's end: a DEALER socket that connects to `endpoint`, and again whenever the node comes back.
 * Returns at once, whether or not a node is there. Throws {@link TransportError} for a malformed endpoint.
 *
 * ```ts
 * const client = connectZeromqClient("tcp://127.0.0.1:5571");
 * client.listen((message) => console.log(message.type));
 * client.send({ type: "hello" });
 * ```
 */
export function connectZeromqClient(endpoint: string = DEFAULT_ENDPOINT): ClientTransport {
  // `immediate`: queue nothing for a node that is away; what it finds when it returns comes from the outbox, newest.
  const socket = new Dealer({ ...SOCKET_OPTIONS, immediate: true, ipv6: endpoint.includes("[") });
  try {
    socket.connect(endpoint);
  } catch (cause) {
    socket.close();
    const text = `"${endpoint}" is not an endpoint to connect to; use for example ${DEFAULT_ENDPOINT}`;
    throw new TransportError(text, { cause });
  }
  return new ZeromqClient(socket, endpoint);
}

class ZeromqNode implements NodeTransport {
  readonly address: string;
  dropped = 0;
  readonly #socket: Router;
  /** Only of peers with something under way, so that clients that come and go leave nothing behind. */
  readonly #outboxes = new Map<string, Outbox>();
  #receiving: Promise<void> | undefined;

  constructor(socket: Router, address: string) {
    this.#socket = socket;
    this.address = address;
  }

  listen(handlers: NodeHandlers): void {
    if (this.#receiving !== undefined)
      throw new TransportError(`listen() was called twice on ${this.address}`);
    this.#receiving = receiveAll(this.#socket, ([routingId, ...frames], receivedAt) => {
      const { peer, payload } = openEnvelope(routingId, frames);
      if (payload === undefined) {
        handlers.malformed(peer, tooManyFrames(frames.length), receivedAt);
        return;
      }
      const parsed = parseClientMessage(payload);
      if (parsed.ok) handlers.message(peer, parsed.message, receivedAt);
      else handlers.malformed(peer, parsed.refusal, receivedAt);
    });
  }

  send(peer: string, message: NodeMessage): void {
    let outbox = this.#outboxes.get(peer);
    if (outbox === undefined) {
      outbox = this.#openOutbox(peer);
      this.#outboxes.set(peer, outbox);
    }
    outbox.push(message);
  }

  async close(): Promise<void> {
    for (const outbox of this.#outboxes.values()) outbox.close();
    this.#socket.close();
    await this.#receiving;
  }

  #openOutbox(peer: string): Outbox {
    const envelope = sealEnvelope(peer);
    return new Outbox({
      capacity: OUTBOX_CAPACITY,
      write: (bytes) => write(() => this.#socket.send([...envelope, bytes])),
      onDrop: (count) => {
        this.dropped += count;
      },
      onIdle: () => this.#outboxes.delete(peer),
    });
  }
}

class ZeromqClient implements ClientTransport {
  dropped = 0;
  readonly #socket: Dealer;
  readonly #endpoint: string;
  readonly #outbox: Outbox;
  #receiving: Promise<void> | undefined;

  constructor(socket: Dealer, endpoint: string) {
    this.#socket = socket;
    this.#endpoint = endpoint;
    this.#outbox = new Outbox({
      capacity: OUTBOX_CAPACITY,
      write: (bytes) => write(() => socket.send(bytes)),
      onDrop: (count) => {
        this.dropped += count;
      },
    });
  }

  listen(handler: ClientHandler): void {
    if (this.#receiving !== undefined)
      throw new TransportError(`listen() was called twice on ${this.#endpoint}`);
    this.#receiving = receiveAll(this.#socket, (frames, receivedAt) => {
      const parsed = parseNodeMessage(frames[0]);
      if (frames.length > 1) handler(tooManyFrames(frames.length), receivedAt);
      else handler(parsed.ok ? parsed.message : parsed.refusal, receivedAt);
    });
  }

  send(message: ClientMessage): void {
    this.#outbox.push(message);
  }

  async close(): Promise<void> {
    this.#outbox.close();
    this.#socket.close();
    await this.#receiving;
  }
}

function tooManyFrames(count: number): RefusedMessage {
  const message = `message came in ${count} frames; send each message as one frame`;
  return { type: "refused", id: null, stamp: null, reason: "malformed", message };
}

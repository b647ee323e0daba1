import type { ClientMessage, NodeMessage, RefusedMessage } from "./message.js";

/**
 * What a node does with what arrives. `peer` is an opaque name, valid as long as that client stays connected;
 * `receivedAt` is when the bytes came out of the socket, before they were read, in monotonic milliseconds
 * ({@link monotonicMs}).
 */
export interface NodeHandlers {
  message(peer: string, message: ClientMessage, receivedAt: number): void;
  /** Something unreadable arrived. `refusal` says why, and is ready to be sent back with `send(peer, refusal)`. */
  malformed(peer: string, refusal: RefusedMessage, receivedAt: number): void;
}

/** What a client does with what arrives; `receivedAt` as in {@link NodeHandlers}. */
export type ClientHandler = (message: NodeMessage, receivedAt: number) => void;

/**
 * The node's end: one node, any number of clients.
 *
 * ```ts
 * const node = await bindZeromqNode();
 * node.listen({
 *   message: (peer, message) => console.log(peer, message.type),
 *   malformed: (peer, refusal) => node.send(peer, refusal),
 * });
 * ```
 */
export interface NodeTransport {
  /** Where clients connect, for people and logs. */
  readonly address: string;
  /** Messages given up because their client was gone, or so slow that newer ones replaced them. */
  readonly dropped: number;
  /** Starts receiving; to be called once. */
  listen(handlers: NodeHandlers): void;
  /**
   * Sends without ever blocking. A socket with room has the message when this returns, so the time after the call is the
   * time of publishing; of several messages to one client in the same turn of the event loop, that is the first. What
   * a slow client has not taken waits in a short queue, where actions make room for newer ones, oldest first.
   */
  send(peer: string, message: NodeMessage): void;
  /** Stops receiving and releases the address. */
  close(): Promise<void>;
}

/**
 * A client's end: the robot.
 *
 * ```ts
 * const client = connectZeromqClient();
 * client.listen((message) => console.log(message.type));
 * client.send({ type: "hello" });
 * ```
 */
export interface ClientTransport {
  /** Messages given up because the node was away, or so slow that newer ones replaced them. */
  readonly dropped: number;
  /** Starts receiving; to be called once. A reply that cannot be read arrives as a `refused` with reason `malformed`. */
  listen(handler: ClientHandler): void;
  /**
   * Sends without ever blocking; a socket with room has the message when this returns. While the node is away the newest few messages wait for it; observations make room
   * for newer ones, oldest first.
   */
  send(message: ClientMessage): void;
  /** Stops receiving and disconnects. */
  close(): Promise<void>;
}

/** Raised when a transport cannot be set up as asked: the message names the endpoint and the remedy. */
export class TransportError extends Error {
  override readonly name = "TransportError";
}

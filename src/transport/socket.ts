import { setImmediate as nextTurn } from "node:timers/promises";
import type { Dealer, Router } from "zeromq";
import { monotonicMs } from "../time/clock.js";
import type { Handover } from "./outbox.js";
import { runHandler } from "./run-handler.js";
import { DEFAULT_WIRE_LIMITS } from "./wire-scan.js";

/** Longest the receive loop may keep the event loop to itself, ms: a flood must not hold up a deadline. */
const RECEIVE_SLICE_MS = 2;

/** How every socket of this transport is set up. */
export const SOCKET_OPTIONS = {
  // The last refusals of a node that stops should still arrive.
  linger: 200,
  // A full socket refuses at once, and the outbox decides what to keep.
  sendTimeout: 0,
  // Everything queued here is stale by the time it is read.
  sendHighWaterMark: 4,
  receiveHighWaterMark: 16,
  // A message a little over the wire's limit is refused with a reason; beyond this, ZeroMQ cuts the peer unread.
  maxMessageSize: DEFAULT_WIRE_LIMITS.maxBytes + 2 ** 20,
  // Without these a pulled cable looks like silence for ever.
  heartbeatInterval: 1000,
  heartbeatTimeout: 3000,
  heartbeatTimeToLive: 3000,
};

/** Hands every message to `handle`, with when it came out of the socket, until that is closed; never rejects. */
export async function receiveAll(
  socket: Router | Dealer,
  handle: (frames: Buffer[], receivedAt: number) => void,
): Promise<void> {
  let sliceEnd = 0;
  while (!socket.closed) {
    try {
      const frames = await socket.receive();
      const receivedAt = monotonicMs();
      runHandler(() => handle(frames, receivedAt));
    } catch {
      // Closing ends a pending receive with an error; anything else must not become a busy loop.
      await nextTurn();
    }
    if (performance.now() > sliceEnd) {
      await nextTurn();
      sliceEnd = performance.now() + RECEIVE_SLICE_MS;
    }
  }
}

/**
 * Hands one message to a socket that was set up with {@link SOCKET_OPTIONS}; never rejects. With a send time-out of 0
 * the binding calls ZeroMQ within `send`: only the verdict takes another turn.
 */
export async function write(send: () => Promise<void>): Promise<Handover> {
  try {
    await send();
    return "taken";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EAGAIN" ? "full" : "gone";
  }
}

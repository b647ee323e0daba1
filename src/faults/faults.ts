import type { WorkerFaults } from "../inference/worker-faults.js";

/** Nothing passes between robot and node from `atMs` after the start, for `forMs`; then all of it does, at once. */
export interface Freeze {
  readonly atMs: number;
  readonly forMs: number;
}

/**
 * What happens to messages between a robot and its node, in both directions. Shares are 0 to 1, drawn for each message.
 * Observations and actions alone are dropped, duplicated, reordered and spoilt: what is said once (hello, the policy, a
 * refusal) is late at worst.
 */
export interface WireFaults {
  /** Every message is late by this. */
  readonly latencyMs: number;
  /** And by up to so much more, evenly spread. Order is kept, as a stream socket keeps it. */
  readonly jitterMs: number;
  readonly drop: number;
  /** Arrives twice. */
  readonly duplicate: number;
  /** Arrives after the message that was sent after it. */
  readonly reorder: number;
  readonly freezes: readonly Freeze[];
  /** An observation holds one NaN. */
  readonly nan: number;
  /** An observation holds one array of the wrong shape. */
  readonly shape: number;
}

/** What {@link parseFaults} made of a text; a part is absent when nothing of its kind was asked for. */
export interface Faults {
  readonly wire?: WireFaults;
  readonly worker?: WorkerFaults;
}

/** A wire on which nothing goes wrong. */
export const SOUND_WIRE: WireFaults = {
  latencyMs: 0,
  jitterMs: 0,
  drop: 0,
  duplicate: 0,
  reorder: 0,
  freezes: [],
  nan: 0,
  shape: 0,
};

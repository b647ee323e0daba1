/** Counters in memory that the network's thread and a shard's share. */
export const SIGNALS = {
  /** Goes up whenever the shard has something to look at. */
  news: 0,
  /** Goes up with every call. */
  call: 1,
  rows: 2,
  /** The call that was answered last, or failed. */
  answered: 3,
  /** 1 if it failed; why is in the port. */
  failed: 4,
} as const;

/** What the network's thread leaves in the port, before it raises {@link SIGNALS.news}. */
export type ToShard =
  | { readonly kind: "observe"; readonly observation: Float64Array }
  | { readonly kind: "memory"; readonly shared: SharedArrayBuffer; readonly capacity: number }
  | { readonly kind: "close" };

/** States, levels, owners and answers of calls up to `capacity` rows. */
export class ShardMemory {
  readonly shared: SharedArrayBuffer;
  readonly states: Float64Array;
  readonly answers: Float64Array;
  readonly levels: Int32Array;
  /** Which observation each row belongs to. */
  readonly owners: Int32Array;

  /** @param size of one state. @param shared of the other side; new memory unless given. */
  constructor(
    readonly capacity: number,
    size: number,
    shared = new SharedArrayBuffer(capacity * (16 * size + 8)),
  ) {
    this.shared = shared;
    this.states = new Float64Array(shared, 0, capacity * size);
    this.answers = new Float64Array(shared, 8 * capacity * size, capacity * size);
    this.levels = new Int32Array(shared, 16 * capacity * size, capacity);
    this.owners = new Int32Array(shared, 16 * capacity * size + 4 * capacity, capacity);
  }
}

/**
 * Waits until a signal differs from `value`: busily for `spinMs`, because a thread that sleeps may take longer to wake
 * than a small call takes, then asleep. False once `patienceMs` has gone by.
 */
export function changes(
  signals: Int32Array,
  signal: number,
  value: number,
  spinMs: number,
  patienceMs = Number.POSITIVE_INFINITY,
): boolean {
  const ends = performance.now() + spinMs;
  do {
    if (Atomics.load(signals, signal) !== value) return true;
  } while (performance.now() < ends);
  return Atomics.wait(signals, signal, value, patienceMs) !== "timed-out";
}

import type { McapTypes } from "@mcap/core";
import type { RecordedEvent } from "./mcap-schema.js";

/** What the recorder's thread is started with. */
export interface RecorderStart {
  readonly file: string;
  readonly library: string;
  /** Makes the file a recording. */
  readonly metadata: McapTypes.Metadata;
  readonly epochNs: bigint;
  /** BigInt64[4], by {@link COUNTERS}; written by the thread. */
  readonly counters: SharedArrayBuffer;
}

/** Where the thread says how far it is: events and bytes taken from the queue; events and bytes in the file. */
export const COUNTERS = { taken: 0, takenBytes: 1, written: 2, bytes: 3 } as const;

/** Events, and the bytes that each counts for in the queue. */
export interface RecordedBatch {
  readonly events: readonly RecordedEvent[];
  readonly sizes: readonly number[];
}

/** Null asks for the end of the file. */
export type ToRecorder = RecordedBatch | null;

export type FromRecorder =
  | { readonly kind: "open"; readonly file: string }
  | { readonly kind: "failed"; readonly message: string };

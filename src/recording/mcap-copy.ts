import type { RecordedEvent } from "./mcap-schema.js";

/** Objects and keys of an event in memory, roughly. */
const EVENT_BYTES = 1024;

/** A copy of an event that shares no array with it, and the memory that it takes, roughly. */
export function detached<E extends RecordedEvent>(event: E): { readonly copy: E; readonly bytes: number } {
  let bytes = EVENT_BYTES;
  const copyOf = (value: unknown): unknown => {
    if (typeof value === "string") bytes += 2 * value.length;
    if (typeof value !== "object" || value === null) return value;
    if (value instanceof Float32Array || value instanceof Float64Array) {
      bytes += value.byteLength;
      return value.slice();
    }
    if (Array.isArray(value)) {
      bytes += 8 * value.length;
      return value.slice();
    }
    const fields = value as Record<string, unknown>;
    const copy: Record<string, unknown> = {};
    for (const key in fields) copy[key] = copyOf(fields[key]);
    return copy;
  };
  return { copy: copyOf(event) as E, bytes };
}

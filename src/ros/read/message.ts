import type { Stamp } from "../stamp.js";
import type { Reading } from "./reader.js";

export type Refused = Extract<Reading, { ok: false }>;

/** Numbers of a message, whatever their array; each may still be anything. */
export type Numbers = ArrayLike<unknown>;

const LONGEST_QUOTE = 40;
const MOST_NAMES = 20;

/** A field of whatever came; undefined where there is none. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** An array, typed or not; undefined for anything else. */
export function arrayOf(value: unknown): Numbers | undefined {
  if (Array.isArray(value)) return value;
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
    ? (value as unknown as Numbers)
    : undefined;
}

/** The bytes of a `uint8[]`; undefined for anything else. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  const isBytes = (each: unknown) => typeof each === "number" && (each & 255) === each;
  return Array.isArray(value) && value.every(isBytes) ? Uint8Array.from(value) : undefined;
}

/** A number, or the bigint that 64 bit integers come as; NaN for anything else. */
export function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "bigint" ? Number(value) : Number.NaN;
}

/** A count such as a width or an offset; undefined for anything else. */
export function countOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/**
 * The stamp of a message's header, undefined where nobody filled it in.
 *
 * @returns a refused reading for a message without a proper header.
 */
export function stampOf(message: unknown): { readonly stamp: Stamp | undefined } | Refused {
  const stamp = fieldOf(fieldOf(message, "header"), "stamp");
  const sec = fieldOf(stamp, "sec");
  const nanosec = fieldOf(stamp, "nanosec");
  if (typeof sec !== "number" || !Number.isInteger(sec)) return refused(`header.stamp.sec is ${show(sec)}`);
  if (typeof nanosec !== "number" || !(Number.isInteger(nanosec) && nanosec >= 0 && nanosec < 1e9)) {
    return refused(`header.stamp.nanosec is ${show(nanosec)}`);
  }
  return { stamp: sec === 0 && nanosec === 0 ? undefined : { sec, nanosec } };
}

export function refused(problem: string): Refused {
  return { ok: false, problem };
}

/** A value as a person is told of it; short, whatever it is. */
export function show(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") {
    return JSON.stringify(value.length > LONGEST_QUOTE ? `${value.slice(0, LONGEST_QUOTE)}…` : value);
  }
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value).slice(0, LONGEST_QUOTE);
  const array = arrayOf(value);
  return array ? `an array of ${array.length}` : "an object";
}

/** Names as a person is told of them: not hundreds. */
export function listed(names: readonly string[]): string {
  if (names.length === 0) return "none";
  const more = names.length > MOST_NAMES ? `, … (${names.length} in all)` : "";
  return `${names
    .slice(0, MOST_NAMES)
    .map((each) => each.slice(0, LONGEST_QUOTE))
    .join(", ")}${more}`;
}

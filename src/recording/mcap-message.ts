import type { z } from "zod";
import { ConfigurationError, describeIssues } from "../policy/errors.js";
import { RUNGS } from "../telemetry/loop-event.js";
import { camelCase, nonfiniteSchema, snakeCase } from "./mcap-json-schema.js";
import { MESSAGE_SCHEMAS, type RecordedEvent } from "./mcap-schema.js";

type Nonfinite = z.infer<typeof nonfiniteSchema>;

/** Enough digits that every float32 is read back as itself, and half of what its float64 would take. */
const FLOAT32_DIGITS = 9;

const written = new Map<string, string>();

/**
 * An event as JSON that gives it back bit for bit (of NaNs there is one): names in snake_case, fields that are null or
 * undefined left out, numbers that JSON cannot hold listed under `nonfinite`, and the rung of a tick as a number too.
 *
 * @example
 * encodeEvent({ kind: "dropped", at: 12.5, count: 3 }); // {"kind":"dropped","at":12.5,"count":3}
 */
export function encodeEvent(event: RecordedEvent): string {
  const nonfinite: Nonfinite = [];
  const text = objectText(fieldsOf(event), "", nonfinite);
  return nonfinite.length === 0 ? text : `${text.slice(0, -1)},"nonfinite":${JSON.stringify(nonfinite)}}`;
}

/**
 * The event that {@link encodeEvent} wrote.
 *
 * @throws ConfigurationError when it did not write the text, naming what does not fit.
 */
export function decodeEvent(text: string): RecordedEvent {
  const { nonfinite = [], ...message } = parsed(text);
  const places = nonfiniteSchema.safeParse(nonfinite);
  if (!places.success) throw new ConfigurationError(`nonfinite: ${describeIssues(places.error, nonfinite)}`);
  for (const { at, value } of places.data) put(message, at, Number(value));
  const kind = message.kind as RecordedEvent["kind"];
  if (!Object.hasOwn(MESSAGE_SCHEMAS, kind)) throw new ConfigurationError(`no event is "${String(kind)}"`);
  const fields = renamed(message);
  const event = MESSAGE_SCHEMAS[kind].safeParse(fields);
  if (!event.success) throw new ConfigurationError(`${kind}: ${describeIssues(event.error, fields)}`);
  return event.data;
}

/** As {@link MESSAGE_SCHEMAS} reads them. */
function fieldsOf(event: RecordedEvent): object {
  if (event.kind === "tick") return { ...event, rungNumber: RUNGS.indexOf(event.rung) };
  if (event.kind === "settings") return { ...event, solver: JSON.stringify(event.solver) };
  return event;
}

function objectText(value: object, path: string, nonfinite: Nonfinite): string {
  let text = "";
  for (const [key, field] of Object.entries(value)) {
    if (field === null || field === undefined) continue;
    const name = writtenName(key);
    const at = path === "" ? name : `${path}.${name}`;
    if (typeof field === "number" && !Number.isFinite(field)) nonfinite.push(named(field, at));
    else text += `${text === "" ? "" : ","}"${name}":${valueText(field, at, nonfinite)}`;
  }
  return `{${text}}`;
}

function valueText(value: unknown, at: string, nonfinite: Nonfinite): string {
  if (typeof value === "number") return numberText(value);
  if (value instanceof Float32Array) return arrayText(value, at, nonfinite, float32Text);
  if (value instanceof Float64Array || Array.isArray(value)) {
    return arrayText(value as ArrayLike<number>, at, nonfinite, numberText);
  }
  return typeof value === "object" ? objectText(value as object, at, nonfinite) : JSON.stringify(value);
}

function arrayText(
  values: ArrayLike<number>,
  at: string,
  nonfinite: Nonfinite,
  textOf: (value: number) => string,
): string {
  let text = "";
  for (let k = 0; k < values.length; k++) {
    const value = values[k];
    if (!Number.isFinite(value)) nonfinite.push(named(value, `${at}.${k}`));
    text += `${k === 0 ? "" : ","}${Number.isFinite(value) ? textOf(value) : "0"}`;
  }
  return `[${text}]`;
}

// JSON has a negative zero, but JSON.stringify does not write it.
function numberText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function float32Text(value: number): string {
  return Object.is(value, -0) ? "-0" : String(Number(value.toPrecision(FLOAT32_DIGITS)));
}

function named(value: number, at: string): Nonfinite[number] {
  return { at, value: String(value) as Nonfinite[number]["value"] };
}

function parsed(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConfigurationError(`a message is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null) throw new ConfigurationError("a message is not an object");
  return value as Record<string, unknown>;
}

function put(message: Record<string, unknown>, at: string, value: number): void {
  const path = at.split(".");
  const last = path.pop() as string;
  let parent = message;
  for (const key of path) {
    const child = Object.hasOwn(parent, key) ? parent[key] : undefined;
    if (typeof child !== "object" || child === null)
      throw new ConfigurationError(`nonfinite: no field is at ${at}`);
    parent = child as Record<string, unknown>;
  }
  parent[last] = value;
}

function renamed(message: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) => [
      camelCase(key),
      typeof value === "object" && value !== null && !Array.isArray(value) ? renamed(value) : value,
    ]),
  );
}

function writtenName(key: string): string {
  let name = written.get(key);
  if (name === undefined) {
    name = snakeCase(key);
    written.set(key, name);
  }
  return name;
}

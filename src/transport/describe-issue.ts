import type * as z from "zod";
import { describeShape } from "./ndarray.js";

/** Characters: a refusal that quoted megabytes would itself be too large to send. */
const LONGEST_QUOTE = 60;

/**
 * One schema issue as a sentence that names the field and the offending value:
 * `observation.step: Invalid input: expected int, received string (got "3")`.
 */
export function describeIssue(issue: z.core.$ZodIssue, input: unknown): string {
  const path = issue.path.map(String);
  const field = path.map((name) => name.slice(0, LONGEST_QUOTE)).join(".") || "message";
  if (issue.code === "unrecognized_keys") {
    return `${field} has fields that do not belong there: ${list(issue.keys)}; remove them or correct the spelling`;
  }
  return `${field}: ${issue.message} (got ${show(valueAt(path, input))})`;
}

function valueAt(path: readonly string[], input: unknown): unknown {
  let value = input;
  for (const key of path) value = (value as Record<string, unknown> | undefined)?.[key];
  return value;
}

function list(keys: readonly string[]): string {
  return `${keys.slice(0, 8).map(show).join(", ")}${keys.length > 8 ? ", …" : ""}`;
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) {
    const { dtype, shape } = value as { dtype?: unknown; shape?: unknown };
    if (typeof dtype === "string" && Array.isArray(shape))
      return `an ndarray ${dtype} ${describeShape(shape)}`;
    return `a map with ${list(Object.keys(value)) || "no fields"}`;
  }
  return typeof value === "string" ? JSON.stringify(value.slice(0, LONGEST_QUOTE)) : String(value);
}

import type { z } from "zod";

/**
 * Raised when something a person wrote (a manifest, a launch file, an option) cannot work. The message names the
 * offending value and the remedy; the command line prints it without a stack trace.
 */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

/** One line per problem: where, what was found there, and what is wanted; `whole` is what the document is called. */
export function describeIssues(error: z.ZodError, document: unknown, whole = "the document"): string {
  return error.issues
    .map((issue) => {
      const found = issue.path.reduce<unknown>(
        (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
        document,
      );
      const shown = found === null || typeof found !== "object" ? ` (found ${inWords(found)})` : "";
      return `${issue.path.join(".") || whole}: ${issue.message}${shown}`;
    })
    .join("\n  ");
}

/**
 * What a schema makes of a value, defaults filled in.
 *
 * @throws ConfigurationError naming each wrong field, what was found there and what is wanted.
 */
export function checked<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const result = schema.safeParse(value);
  if (!result.success) throw new ConfigurationError(describeIssues(result.error, value));
  return result.data;
}

function inWords(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "bigint" ? `${value}n` : String(value);
}

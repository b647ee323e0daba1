import { z } from "zod";
import { MESSAGE_SCHEMAS, type RecordedEvent } from "./mcap-schema.js";

/** How a number is written that JSON has no words for. */
export const nonfiniteSchema = z
  .array(
    z.strictObject({
      at: z.string().describe("path of the number, for example result.residual or values.3"),
      value: z.enum(["NaN", "Infinity", "-Infinity"]),
    }),
  )
  .describe("numbers that JSON cannot hold: left out at their place, or 0 within an array, and named here");

/** The JSON Schema of a kind of message as it stands in the file: see {@link encodeEvent} for its form. */
export function jsonSchemaOf(kind: RecordedEvent["kind"]): object {
  const written = z.toJSONSchema(MESSAGE_SCHEMAS[kind], {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === "custom") jsonSchema.type = "number";
    },
  });
  const schema = asWritten(written) as { properties: Record<string, unknown> };
  const { $schema, ...nonfinite } = z.toJSONSchema(nonfiniteSchema);
  schema.properties.nonfinite = nonfinite;
  return schema;
}

/** "endToEndMs" is written "end_to_end_ms", as on the wire. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function asWritten(schema: z.core.JSONSchema.BaseSchema): z.core.JSONSchema.BaseSchema {
  const { properties, required = [], ...rest } = schema;
  if (!properties) return schema;
  const nested = Object.entries(properties) as [string, z.core.JSONSchema.BaseSchema][];
  return {
    ...rest,
    properties: Object.fromEntries(nested.map(([name, value]) => [snakeCase(name), asWritten(value)])),
    // A number that is not finite is left out.
    required: required
      .filter((name) => nested.find(([key]) => key === name)?.[1].type !== "number")
      .map(snakeCase),
  };
}

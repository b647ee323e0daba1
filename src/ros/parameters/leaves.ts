import { z } from "zod";
import { type LaunchDocument, launchSchema } from "../../launch/launch.js";
import type { ParameterType, ParameterValue } from "../graph.js";
import type { Leaf } from "./leaf.js";

/** As far as zod writes it of what a launch file may hold. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: string | number | boolean;
  readonly enum?: readonly (string | number)[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

const LAUNCH = z.toJSONSchema(launchSchema, { io: "input", unrepresentable: "any" }) as Schema;

/** What can change while the node runs. The rule and the seed are what a recording's noise follows from. */
const LIVE = /^(budgets|solver)\.(?!rule\.|seed$)/;

interface Place {
  readonly path: readonly (string | number)[];
  readonly isOptional: boolean;
  /** Of the list or map that it is an entry of. */
  readonly description: string;
}

/**
 * Every value of a launch document that is a ROS parameter, in the schema's order, those included that the document
 * leaves out. Maps and lists have the entries that they have in the document; nothing is made of an absent part that
 * could not be filled in one by one.
 */
export function leavesOf(document: LaunchDocument): Leaf[] {
  return walk(LAUNCH, document, { path: [], isOptional: false, description: "" });
}

function walk(written: Schema, value: unknown, place: Place): Leaf[] {
  const schema = choose(written, value);
  const { properties, additionalProperties: entry, items, required = [] } = schema;
  const description = written.description ?? schema.description ?? place.description;
  const { path } = place;
  if (properties) {
    if (value === undefined && required.length > 0) return [];
    return Object.entries(properties).flatMap(([key, property]) =>
      walk(property, child(value, key), {
        path: [...path, key],
        isOptional: !required.includes(key),
        description: "",
      }),
    );
  }
  if (entry) {
    return Object.entries((value ?? {}) as object).flatMap(([key, each]) =>
      walk(entry, each, { path: [...path, key], isOptional: false, description }),
    );
  }
  if (items && (items.properties || items.oneOf || items.anyOf)) {
    return ((value ?? []) as unknown[]).flatMap((each, k) =>
      walk(items, each, { path: [...path, k], isOptional: false, description }),
    );
  }
  return [leaf(schema, description, written.default, place)];
}

function child(value: unknown, key: string): unknown {
  return (value as Readonly<Record<string, unknown>> | undefined)?.[key];
}

/** Of alternatives the one that the document has taken; of alternative values, all of them. */
function choose(schema: Schema, value: unknown): Schema {
  const options = schema.anyOf ?? schema.oneOf;
  if (!options) return schema;
  if (options.every(({ const: only }) => only !== undefined)) {
    return { ...options[0], enum: options.map((option) => option.const as string | number) };
  }
  return options.find((option) => fits(option, value)) ?? options[0];
}

function fits({ properties = {}, required = [] }: Schema, value: unknown): boolean {
  return required.every((key) => {
    const found = child(value, key);
    const { const: only, enum: allowed } = properties[key];
    if (only !== undefined) return found === only;
    return allowed ? allowed.includes(found as string) : found !== undefined;
  });
}

function leaf(schema: Schema, description: string, fallback: unknown, { path, isOptional }: Place): Leaf {
  const name = path.join(".");
  const isJson = schema.items?.type === "array";
  const choices = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  const range = rangeOf(schema);
  return {
    path,
    name,
    type: isJson ? "string" : typeOf(schema, name),
    isJson,
    description: [
      description,
      ...(isJson ? ["in JSON"] : []),
      ...(choices && choices.length > 1 ? [choices.join(" | ")] : []),
    ]
      .filter((part) => part !== "")
      .join("; "),
    ...(range ? { range } : {}),
    isOptional,
    ...(fallback === undefined ? {} : { fallback: fallback as ParameterValue }),
    isFixed: !LIVE.test(name),
  };
}

function rangeOf(schema: Schema): { min: number; max: number } | undefined {
  const { enum: choices, minimum, exclusiveMinimum, maximum, exclusiveMaximum, type } = schema;
  if (choices && typeof choices[0] === "number") {
    return { min: Math.min(...(choices as number[])), max: Math.max(...(choices as number[])) };
  }
  const isWhole = type === "integer";
  const min = minimum ?? exclusiveMinimum;
  const max = maximum ?? exclusiveMaximum;
  // Every whole number of zod's is one that a double can hold.
  const isOpen = isWhole ? min === Number.MIN_SAFE_INTEGER : min === undefined && max === undefined;
  if (isOpen) return undefined;
  const last = isWhole ? Number.MAX_SAFE_INTEGER : Number.MAX_VALUE;
  return { min: min ?? -last, max: max ?? last };
}

function typeOf({ type, enum: choices, items }: Schema, name: string): ParameterType {
  if (type === "string") return "string";
  if (type === "boolean") return "bool";
  if (type === "integer" || choices?.every((choice) => Number.isInteger(choice))) return "integer";
  if (type === "number") return "double";
  if (type === "array" && items?.type === "string") return "string_array";
  if (type === "array" && items?.type === "number") return "double_array";
  throw new TypeError(`${name} is ${type ?? "something"}, which no ROS parameter can hold`);
}

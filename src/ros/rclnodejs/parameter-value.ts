import type { ParameterDeclaration, ParameterType, ParameterValue } from "../graph.js";

/** `rcl_interfaces/msg/ParameterType` */
export const TYPE_CODE: Readonly<Record<ParameterType, number>> = {
  bool: 1,
  integer: 2,
  double: 3,
  string: 4,
  integer_array: 7,
  double_array: 8,
  string_array: 9,
};

/** A value of the declared type, or what is wrong with it in words for a person. */
export type Accepted =
  | { readonly ok: true; readonly value: ParameterValue }
  | { readonly ok: false; readonly problem: string };

type Declared = Pick<ParameterDeclaration, "name" | "type" | "range">;

/**
 * Takes what a person wrote, or a client sent, for a parameter. A whole number is a double where a double is declared
 * (`ros2 param set` sends 2 as an integer, and rclcpp refuses it); nothing else is converted.
 */
export function acceptValue({ name, type, range }: Declared, found: unknown): Accepted {
  const value = plain(found);
  if (!isOfType(type, value)) return refuse(`${name} is ${WANTED[type]}, found ${shown(value)}`);
  const numbers = typeof value === "number" ? [value] : Array.isArray(value) ? value : [];
  if (range && numbers.some((each) => typeof each === "number" && !(each >= range.min && each <= range.max)))
    return refuse(`${name} is from ${range.min} to ${range.max}, found ${shown(value)}`);
  return { ok: true, value };
}

/** As rclnodejs stores it: it takes integers as bigint only. */
export function storedValue(type: ParameterType, value: ParameterValue): unknown {
  if (type === "integer") return BigInt(value as number);
  if (type === "integer_array") return (value as readonly number[]).map(BigInt);
  return Array.isArray(value) ? [...value] : value;
}

const WANTED: Readonly<Record<ParameterType, string>> = {
  bool: "true or false",
  integer: "a whole number",
  double: "a number",
  string: "a text",
  double_array: "a list of numbers",
  string_array: "a list of texts",
  integer_array: "a list of whole numbers",
};

function isOfType(type: ParameterType, value: unknown): value is ParameterValue {
  switch (type) {
    case "bool":
      return typeof value === "boolean";
    case "integer":
      return Number.isSafeInteger(value);
    case "double":
      return typeof value === "number";
    case "string":
      return typeof value === "string";
    case "double_array":
      return Array.isArray(value) && value.every((each) => typeof each === "number");
    case "string_array":
      return Array.isArray(value) && value.every((each) => typeof each === "string");
    case "integer_array":
      return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each));
  }
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as Uint8Array, plain);
  return Array.isArray(value) ? value.map(plain) : value;
}

function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}

function refuse(problem: string): Accepted {
  return { ok: false, problem };
}

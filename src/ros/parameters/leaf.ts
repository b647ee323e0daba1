import type { ParameterType, ParameterValue } from "../graph.js";

/** One value of a launch document that is a ROS parameter. */
export interface Leaf {
  readonly path: readonly (string | number)[];
  /** {@link path} with dots, e.g. `solver.tolerance`. */
  readonly name: string;
  readonly type: ParameterType;
  /** The value is text in JSON, because ROS parameters have no lists of lists. */
  readonly isJson: boolean;
  readonly description: string;
  /** Of the values that the schema allows; both ends included, as in ROS. */
  readonly range?: { readonly min: number; readonly max: number };
  /** May be left out of the document. */
  readonly isOptional: boolean;
  /** In force when it is left out. */
  readonly fallback?: ParameterValue;
  /** Can change only with a restart. */
  readonly isFixed: boolean;
}

/**
 * Stands for "left out": ROS parameters always have a value. Text: empty. Numbers that cannot be negative: -1. Other
 * numbers: NaN. Lists: one such entry, because parameter files know no empty ones.
 */
export function absence({ name, type, range }: Pick<Leaf, "name" | "type" | "range">): ParameterValue {
  const isNeverNegative = range !== undefined && range.min >= 0;
  switch (type) {
    case "string":
      return "";
    case "string_array":
      return [""];
    case "double":
      return isNeverNegative ? -1 : Number.NaN;
    case "double_array":
      return [Number.NaN];
    case "integer":
      if (isNeverNegative) return -1;
  }
  throw new TypeError(`${name}: a ${type} that may be left out cannot be a ROS parameter; give it a default`);
}

/** What the parameter is when the document has this value, or none. */
export function toParameter(leaf: Leaf, value: unknown): ParameterValue {
  if (value !== undefined) return leaf.isJson ? JSON.stringify(value) : (value as ParameterValue);
  return leaf.fallback ?? absence(leaf);
}

/** What the document is to have when the parameter has this value; undefined: nothing. */
export function fromParameter(leaf: Leaf, value: ParameterValue): unknown {
  if (isAbsent(leaf, value)) return undefined;
  if (!leaf.isJson || typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    // The schema says what it wants instead, and quotes this.
    return value;
  }
}

function isAbsent(leaf: Leaf, value: ParameterValue): boolean {
  if (!leaf.isOptional || leaf.fallback !== undefined) return false;
  const none = absence(leaf);
  if (!Array.isArray(none) || !Array.isArray(value)) return Object.is(value, none);
  return value.length === 0 || (value.length === 1 && Object.is(value[0], none[0]));
}

import type { LaunchDocument } from "../../launch/launch.js";
import type { ParameterDeclaration, ParameterValue } from "../graph.js";
import { absence, fromParameter, type Leaf, toParameter } from "./leaf.js";
import { leavesOf } from "./leaves.js";

/**
 * Every value of a launch document as a ROS parameter, named by its dotted path.
 *
 * ```ts
 * const { document } = await readLaunch("launch/pusht.yaml");
 * const values = graph.parameters.declare(flatten(document));
 * const launch = await checkLaunch(unflatten(document, values), "the node's parameters");
 * ```
 */
export function flatten(document: LaunchDocument): ParameterDeclaration[] {
  return leavesOf(document).map((leaf) => declarationOf(leaf, valueIn(document, leaf)));
}

/** A launch document with the values of parameters; those that are not among them stay as they are. */
export function unflatten(
  document: LaunchDocument,
  values: ReadonlyMap<string, ParameterValue>,
): LaunchDocument {
  const changed = structuredClone(document);
  for (const leaf of leavesOf(document)) {
    const value = values.get(leaf.name);
    if (value !== undefined) put(changed, leaf.path, fromParameter(leaf, value));
  }
  return changed;
}

/** Of a leaf, as a parameter. */
export function valueIn(document: LaunchDocument, leaf: Leaf): ParameterValue {
  const found = leaf.path.reduce<unknown>((at, key) => (at as Members | undefined)?.[key], document);
  return toParameter(leaf, found);
}

function declarationOf(leaf: Leaf, value: ParameterValue): ParameterDeclaration {
  const { name, type, description, isFixed, isOptional, fallback, range } = leaf;
  const isRemovable = isOptional && fallback === undefined;
  const none = isRemovable ? absence(leaf) : undefined;
  const words = none === undefined ? description : `${description}; ${sayAbsence(none)}`;
  const allowed = range && { ...range, min: none === -1 ? -1 : range.min };
  const isRanged = type === "integer" || type === "double";
  return {
    name,
    type,
    value,
    description: words,
    readOnly: isFixed,
    ...(allowed && isRanged ? { range: allowed } : {}),
  };
}

function sayAbsence(none: ParameterValue): string {
  const shown = none === "" ? "empty" : typeof none === "object" ? `[${JSON.stringify(none[0])}]` : none;
  return `${shown}: as if left out`;
}

type Members = Record<string | number, unknown>;

/** Puts a value where a path says, or takes away what is there, with the parts that are then empty. */
function put(members: object, [key, ...rest]: readonly (string | number)[], value: unknown): void {
  const at = members as Members;
  if (rest.length === 0) {
    if (value === undefined) delete at[key];
    else at[key] = value;
    return;
  }
  if (at[key] === undefined && value === undefined) return;
  at[key] ??= {};
  put(at[key] as object, rest, value);
  if (value === undefined && Object.keys(at[key] as object).length === 0) delete at[key];
}

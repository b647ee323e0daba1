import { ConfigurationError } from "../../policy/errors.js";
import { type FieldsType, type FoundField, fieldsAt } from "../message-fields.js";
import { rotationMatrix } from "../rotation.js";
import type { Scaling } from "../scaling.js";
import { fieldOf, numberOf, show } from "./message.js";
import { quaternionOf } from "./quaternion.js";

/** How a whole orientation is given. */
export type RotationForm = "quaternion" | "rotation_6d";

/** Takes the numbers of one field out of messages. */
export interface FieldStep {
  /** How many numbers it gives. */
  readonly count: number;
  /** What they measure; undefined for rotations, which no unit converts. */
  readonly quantity: string | undefined;
  /** Writes them to `values` from `at` on; gives the problem, if there is one. */
  take(message: unknown, values: Float64Array, at: number): string | undefined;
}

/**
 * The steps that take what is at a path, such as `pose.position` or `twist.linear.x`.
 *
 * @throws ConfigurationError for a path that leads nowhere, saying what there is.
 */
export function fieldSteps(
  type: FieldsType,
  path: string,
  rotation: RotationForm,
  scaling: Scaling,
): FieldStep[] {
  const found = fieldsAt(type, path);
  if (typeof found === "string") throw new ConfigurationError(`"${path}": ${found}`);
  return found.map((each) =>
    each.field.kind === "number"
      ? numberStep(each.keys, each.field.quantity, scaling)
      : quaternionStep(each, rotation),
  );
}

function numberStep(keys: readonly string[], quantity: string, { scale, offset }: Scaling): FieldStep {
  return {
    count: 1,
    quantity,
    take(message, values, at) {
      const value = valueAt(message, keys);
      values[at] = numberOf(value) * scale + offset;
      return Number.isFinite(values[at]) ? undefined : `${keys.join(".")} is ${show(value)}`;
    },
  };
}

function quaternionStep({ keys, component }: FoundField, rotation: RotationForm): FieldStep {
  const isWhole = component === undefined;
  const isRows = isWhole && rotation === "rotation_6d";
  return {
    count: isRows ? 6 : isWhole ? 4 : 1,
    quantity: undefined,
    take(message, values, at) {
      const quaternion = quaternionOf(valueAt(message, keys), keys.join("."));
      if (typeof quaternion === "string") return quaternion;
      if (!isWhole) values[at] = quaternion[component];
      else if (isRows) values.set(rotationMatrix(quaternion).slice(0, 6), at);
      else values.set(quaternion, at);
      return undefined;
    },
  };
}

function valueAt(message: unknown, keys: readonly string[]): unknown {
  let at = message;
  for (const key of keys) at = fieldOf(at, key);
  return at;
}

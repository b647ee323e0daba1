import { ConfigurationError } from "../../policy/errors.js";
import type { FieldsType } from "../message-fields.js";
import type { Scaling } from "../scaling.js";
import { fieldSteps, type RotationForm } from "./field-path.js";
import { refused, stampOf } from "./message.js";
import type { Reader } from "./reader.js";

export interface FieldsBinding {
  readonly type: FieldsType;
  readonly fields: readonly string[];
  readonly rotation?: RotationForm;
  readonly unit?: string | undefined;
}

/**
 * Reads fields of a PoseStamped, a TwistStamped or an Odometry, one after the other. The scaling is not of rotations: their
 * numbers have no unit.
 *
 * @param width how many values the policy wants.
 * @throws ConfigurationError for a path that leads nowhere, fields that give another number of values, or a unit for fields
 * of several quantities.
 *
 * @example
 * const reader = fieldsReader({ type, fields: ["pose.position"] }, 3, scaling);
 * reader.read(message); // { ok: true, values: Float64Array [x, y, z], stamp }
 */
export function fieldsReader(binding: FieldsBinding, width: number, scaling: Scaling): Reader {
  const { type, fields, rotation = "quaternion", unit } = binding;
  const steps = fields.flatMap((path) => {
    try {
      return fieldSteps(type, path, rotation, scaling);
    } catch (error) {
      throw new ConfigurationError(`fields: ${(error as Error).message}`);
    }
  });
  const count = steps.reduce((sum, step) => sum + step.count, 0);
  if (count !== width) {
    throw new ConfigurationError(
      `fields: ${fields.join(", ")} give ${count} values, but the policy wants ${width}`,
    );
  }
  const quantities = new Set(steps.flatMap(({ quantity }) => quantity ?? []));
  if (unit !== undefined && quantities.size > 1) {
    throw new ConfigurationError(
      `unit: "${unit}" cannot be that of ${[...quantities].join(" and ")} alike; leave it out, or bind fields of one quantity`,
    );
  }
  return {
    type,
    read(message) {
      const header = stampOf(message);
      if ("ok" in header) return header;
      const values = new Float64Array(width);
      let at = 0;
      for (const step of steps) {
        const problem = step.take(message, values, at);
        if (problem !== undefined) return refused(problem);
        at += step.count;
      }
      return { ok: true, values, stamp: header.stamp };
    },
  };
}

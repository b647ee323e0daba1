import { loadUnits } from "../control/duration.js";
import { ConfigurationError } from "../policy/errors.js";

/** policy value = message value × scale + offset. */
export interface Scaling {
  readonly scale: number;
  readonly offset: number;
}

/** What a binding says of the values in its messages. */
export interface ScalingSettings {
  readonly unit?: string | undefined;
  readonly scale?: number | undefined;
  readonly offset?: number | undefined;
}

export const UNSCALED: Scaling = { scale: 1, offset: 0 };

/**
 * How values in messages become values of the policy, which are in `policyUnit`. Without any settings they are in that unit
 * already.
 *
 * @throws ConfigurationError for a unit that does not convert, and for a unit beside numbers that say it again.
 *
 * @example
 * await resolveScaling({ unit: "mm" }, "m"); // { scale: 0.001, offset: 0 }
 */
export async function resolveScaling(settings: ScalingSettings, policyUnit: string): Promise<Scaling> {
  const { unit, scale, offset } = settings;
  if (unit === undefined) return { scale: scale ?? 1, offset: offset ?? 0 };
  if (scale !== undefined || offset !== undefined) {
    throw new ConfigurationError(`unit: "${unit}" says it all; leave out scale and offset, or the unit`);
  }
  if (unit === policyUnit) return UNSCALED;
  const quantity = await loadUnits();
  try {
    // Affine, since degrees Celsius have another zero than kelvin.
    const zero = quantity(0, unit).toNumber(policyUnit);
    return { scale: quantity(1, unit).toNumber(policyUnit) - zero, offset: zero };
  } catch {
    throw new ConfigurationError(
      `unit: "${unit}" does not convert to the policy's "${policyUnit}"; where the values need another factor, give scale and offset`,
    );
  }
}

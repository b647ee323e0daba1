import type { TickRecord } from "../telemetry/loop-event.js";

/** What an action may be, apart from finite. */
export interface ActionBounds {
  /** Per action dimension, in its physical unit: the manifest's `action`. */
  readonly limits: readonly { readonly name: string; readonly min: number; readonly max: number }[];
  /** Of the observation that an action derives from; null allows any. */
  readonly maxObservationAgeMs: number | null;
}

/**
 * An action seen by someone who trusts nothing in the loop: what is wrong with it, or undefined. Everything that was sent
 * is looked at, the rest of the plan too: a robot goes on with it should the node fall silent.
 *
 * ```ts
 * faultOf(tick, { limits: manifest.action, maxObservationAgeMs: 150 }); // 'target_x is 700 in row 3, outside 0 to 512'
 * ```
 */
export function faultOf(tick: TickRecord, { limits, maxObservationAgeMs }: ActionBounds): string | undefined {
  const { action, ahead, rung, plan } = tick;
  const width = limits.length;
  if (action.length !== width && action.length !== 0) {
    return `the action has ${action.length} entries, not ${width}`;
  }
  if (ahead.length % width !== 0) return `the plan has ${ahead.length} entries, not rows of ${width}`;
  const wrong = outside(action, limits) ?? outside(ahead, limits);
  if (wrong) return wrong;
  if (rung === "hold" || rung === "stop") return undefined;
  if (!plan) return `it is "${rung}", but derives from no observation`;
  if (maxObservationAgeMs !== null && !(plan.ageMs <= maxObservationAgeMs)) {
    return `its observation is ${plan.ageMs.toFixed(1)} ms old, above ${maxObservationAgeMs} ms`;
  }
  return undefined;
}

function outside(rows: Float32Array, limits: ActionBounds["limits"]): string | undefined {
  for (let k = 0; k < rows.length; k++) {
    const { name, min, max } = limits[k % limits.length];
    // The nearest float32 to a limit may lie on its other side.
    if (!(rows[k] >= Math.fround(min) && rows[k] <= Math.fround(max))) {
      return `${name} is ${rows[k]} in row ${Math.floor(k / limits.length)}, outside ${min} to ${max}`;
    }
  }
  return undefined;
}

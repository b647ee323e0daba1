import { float32Limits } from "../policy/float32.js";
import type { ActionEntry } from "../policy/manifest.js";

/** What the limiter knows of one entry of the action; lengths in its unit, times in steps. */
interface Axis {
  readonly lowest: number;
  readonly highest: number;
  readonly rate: number;
  readonly acceleration: number;
  readonly atRest: number | undefined;
  /** Let through last; NaN when nothing was. Not rounded to float32, lest the velocity carry the rounding. */
  at: number;
  /** By how much it moved to get there. */
  velocity: number;
  /** What was asked for last. */
  wanted: number;
}

/**
 * Holds actions to the limits that the policy declares: range, rate and acceleration, in this order of strength. What
 * keeps to them passes unchanged; what does not is caught up with as fast as they allow, and the brakes are put on in time
 * for what was asked for and for the ends of the range. Published values are float32 and inside the range exactly; rate and
 * acceleration hold up to that rounding.
 *
 * @example
 * const limiter = new Limiter(manifest.action, 100);
 * limiter.reset(measured);
 * const limited = limiter.limit(wanted, out); // out is what may be published
 */
export class Limiter {
  readonly #axes: readonly Axis[];

  /** @param periodMs from one action to the next. */
  constructor(actions: readonly ActionEntry[], periodMs: number) {
    const period = periodMs / 1000;
    this.#axes = actions.map((action) => axisOf(action, period));
    this.reset();
  }

  /**
   * Starts from standstill at `at` [D]. Where that is absent or not finite, from what the manifest calls rest; where that is
   * the last action again, the next action is taken as the first, held to its range alone.
   */
  reset(at?: Float32Array): void {
    this.#axes.forEach((axis, d) => {
      const known = at && Number.isFinite(at[d]) ? at[d] : (axis.atRest ?? Number.NaN);
      axis.at = clamp(known, axis.lowest, axis.highest);
      axis.velocity = 0;
      axis.wanted = axis.at;
    });
  }

  /**
   * Takes the next action, `wanted` [D], and fills `out` [D] with what may be published of it. An entry that is not finite
   * counts as limited and becomes the last action again.
   *
   * @returns how many entries were limited; undefined, and nothing has changed, when there is no last action to put in
   * the place of an entry that is not finite.
   */
  limit(wanted: Float32Array, out: Float32Array): number | undefined {
    if (this.#axes.some((axis, d) => Number.isNaN(axis.at) && !Number.isFinite(wanted[d]))) return undefined;
    let limited = 0;
    this.#axes.forEach((axis, d) => {
      const asked = wanted[d];
      follow(axis, Number.isFinite(asked) ? clamp(asked, axis.lowest, axis.highest) : axis.at);
      out[d] = axis.at;
      if (out[d] !== asked) limited += 1;
    });
    return limited;
  }

  /** Takes back, at the end of `act`, all that was let through in it. */
  rehearse(act: () => void): void {
    const before = this.#axes.map((axis) => ({ ...axis }));
    act();
    this.#axes.forEach((axis, d) => {
      Object.assign(axis, before[d]);
    });
  }

  /**
   * Fills `out` [D] with the next action of a controlled stop: to standstill as fast as the acceleration limit allows, at
   * once without one; where the manifest names a value for standstill, on to that value.
   *
   * @returns false, and nothing has changed, when no action is known to stop from.
   */
  stopping(out: Float32Array): boolean {
    if (this.#axes.some((axis) => Number.isNaN(axis.at))) return false;
    this.#axes.forEach((axis, d) => {
      if (axis.atRest === undefined) move(axis, 0, axis.at);
      else move(axis, approach(axis.atRest - axis.at, axis.acceleration), axis.atRest);
      axis.wanted = axis.at;
      out[d] = axis.at;
    });
    return true;
  }
}

function axisOf(action: ActionEntry, period: number): Axis {
  const { lowest, highest } = float32Limits(action);
  return {
    lowest,
    highest,
    rate: (action.max_rate ?? Number.POSITIVE_INFINITY) * period,
    acceleration: (action.max_acceleration ?? Number.POSITIVE_INFINITY) * period * period,
    atRest: typeof action.at_rest === "number" ? clamp(action.at_rest, lowest, highest) : undefined,
    at: Number.NaN,
    velocity: 0,
    wanted: Number.NaN,
  };
}

/** Moves by as much as was asked for, and makes up for what is still missing of what was asked for before. */
function follow(axis: Axis, wanted: number): void {
  if (Number.isNaN(axis.at)) {
    axis.at = wanted;
  } else {
    move(axis, wanted - axis.wanted + approach(axis.wanted - axis.at, axis.acceleration), wanted);
  }
  axis.wanted = wanted;
}

/** Moves by `step`, as far as the limits allow; `target` is met exactly where rounding alone would miss it. */
function move(axis: Axis, step: number, target: number): void {
  const { lowest, highest, rate, acceleration, at, velocity } = axis;
  const eased = clamp(
    step,
    Math.max(-rate, velocity - acceleration),
    Math.min(rate, velocity + acceleration),
  );
  const inside = clamp(eased, approach(lowest - at, acceleration), approach(highest - at, acceleration));
  const to = clamp(at + inside, lowest, highest);
  axis.at = Math.abs(to - target) <= 2 ** -50 * (Math.abs(at) + Math.abs(target)) ? target : to;
  axis.velocity = axis.at - at;
}

/**
 * The longest step towards a point `gap` away after which steps that shrink by `acceleration` each still end at it. Of a
 * stop that takes n more steps, a step v and these make (n + 1)·v - acceleration·n·(n + 1)/2.
 */
function approach(gap: number, acceleration: number): number {
  if (acceleration === Number.POSITIVE_INFINITY) return gap;
  const room = Math.abs(gap);
  const more = Math.min(
    Math.floor((Math.sqrt(1 + (8 * room) / acceleration) - 1) / 2),
    Number.MAX_SAFE_INTEGER,
  );
  return Math.sign(gap) * (room / (more + 1) + (acceleration * more) / 2);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

import type { World } from "../../sim/world.js";
import type { PlanSettingsInput } from "../control/plan-settings.js";
import type { Runtime } from "../inference/runtime.js";
import type { SolverOptions } from "../inference/settings.js";
import type { Bundle } from "../policy/bundle.js";
import type { TickRecord } from "../telemetry/loop-event.js";
import { mean, quantile } from "../telemetry/statistics.js";
import { summarise } from "../telemetry/summary.js";
import { playClosedLoop } from "./closed-loop.js";

export interface SeamOptions {
  readonly solver: SolverOptions;
  readonly runtime: Runtime;
  readonly episodes: number;
  readonly seed: number;
  readonly plans: readonly Partial<PlanSettingsInput>[];
}

/** How smoothly chunks follow each other, in units of the action per second. */
export interface SeamRow {
  readonly plan: Partial<PlanSettingsInput>;
  readonly score_mean: number;
  readonly scores: readonly number[];
  readonly sweeps_mean: number;
  readonly seams: number;
  /** How far the velocity at the seam is off what the plan before would have gone on with. */
  readonly jump: { readonly mean: number; readonly p95: number };
  /** The largest change of velocity from one step to the next within the steps that the seam is spread over. */
  readonly worst_in_seam: { readonly mean: number; readonly p95: number };
  /** Change of velocity from one step to the next anywhere else, for comparison. */
  readonly elsewhere: { readonly mean: number; readonly p95: number };
}

/** Steps after a seam that count as part of it; the longest blend reaches no further. */
const SEAM_STEPS = 6;

/** Plays the same episodes with each way of joining chunks. */
export async function benchSeams(
  world: World,
  bundle: Bundle,
  { solver, runtime, episodes, seed, plans }: SeamOptions,
  progress: (what: string) => void,
): Promise<readonly SeamRow[]> {
  const rows: SeamRow[] = [];
  for (const plan of plans) {
    const ticks: TickRecord[] = [];
    const watch = (event: { readonly kind: string }) => {
      if (event.kind === "tick") ticks.push(event as TickRecord);
    };
    const loop = { solver, runtime, episodes, seed, plan, watch };
    const { records } = await playClosedLoop([world], bundle, loop, (what) =>
      progress(`${JSON.stringify(plan)}: ${what}`),
    );
    const { score_mean, scores, sweeps } = summarise(records);
    const figures = measureSeams(ticks, bundle.manifest.rate_hz);
    rows.push({ plan, score_mean, scores, sweeps_mean: sweeps.mean, ...figures });
  }
  return rows;
}

/** @param ticks of whole episodes, in order. */
export function measureSeams(
  ticks: readonly TickRecord[],
  rateHz: number,
): Pick<SeamRow, "seams" | "jump" | "worst_in_seam" | "elsewhere"> {
  const jumps: number[] = [];
  const worst: number[] = [];
  const elsewhere: number[] = [];
  let sinceSeam = Number.POSITIVE_INFINITY;
  for (let k = 2; k < ticks.length; k++) {
    const [before, last, here] = [ticks[k - 2], ticks[k - 1], ticks[k]];
    if (!follow(before, last) || !follow(last, here)) {
      sinceSeam = Number.POSITIVE_INFINITY;
      continue;
    }
    const velocityChange = rateHz * distance(here.action, last.action, last.action, before.action);
    if (here.plan?.order !== last.plan?.order) {
      sinceSeam = 0;
      const width = here.action.length;
      const continued = last.ahead.subarray(width, 2 * width);
      if (continued.length === width) {
        jumps.push(rateHz * distance(here.action, last.action, continued, last.action));
        worst.push(velocityChange);
      }
    } else if (sinceSeam < SEAM_STEPS && worst.length > 0) {
      sinceSeam += 1;
      worst[worst.length - 1] = Math.max(worst[worst.length - 1], velocityChange);
    } else elsewhere.push(velocityChange);
  }
  return {
    seams: jumps.length,
    jump: spread(jumps),
    worst_in_seam: spread(worst),
    elsewhere: spread(elsewhere),
  };
}

function follow(a: TickRecord, b: TickRecord): boolean {
  return a.episode === b.episode && b.step === a.step + 1 && a.robot === b.robot;
}

/** |(a - b) - (c - d)| */
function distance(a: Float32Array, b: Float32Array, c: Float32Array, d: Float32Array): number {
  return Math.hypot(...Array.from(a, (value, k) => value - b[k] - (c[k] - d[k])));
}

function spread(values: readonly number[]): { readonly mean: number; readonly p95: number } {
  return { mean: mean(values), p95: quantile(values, 0.95) };
}

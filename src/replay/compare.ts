import type { LoopSettings } from "../control/loop-effects.js";
import { isSolved, type SolvedTick } from "../inference/tick.js";
import type { Manifest } from "../policy/manifest.js";
import type { RecordedEvent } from "../recording/mcap-schema.js";
import { mean, quantile } from "../telemetry/statistics.js";
import { recordedOrders } from "./recorded-order.js";
import type { LocalResolver } from "./resolver.js";

/** How other chunks are than those that were recorded, in units of the normalised action range [-1, 1]. */
export interface Comparison {
  readonly solves: number;
  /** Accepted chunks on both sides; only these are compared. */
  readonly compared: number;
  readonly difference: Record<"p50" | "p99" | "max", number | null>;
  readonly recorded: Effort;
  readonly again: Effort;
}

/** Of the accepted solves; null where there are none. */
export interface Effort {
  readonly accepted: number;
  readonly sweeps_mean: number | null;
  readonly evaluations_mean: number | null;
  readonly solve_ms_p50: number | null;
}

/**
 * Has the recorded orders solved in another way, and holds the chunks against the recorded ones.
 *
 * @param progress told of every order that has been solved.
 */
export async function compare(
  events: readonly RecordedEvent[],
  { manifest, plan }: Pick<LoopSettings, "manifest" | "plan">,
  resolver: LocalResolver,
  progress: (solves: number) => void = () => {},
): Promise<Comparison> {
  const orders = recordedOrders(events);
  const differences: number[] = [];
  const recorded: SolvedTick[] = [];
  const again: SolvedTick[] = [];
  let solves = 0;
  for (const event of events) {
    if (event.kind === "left") resolver.forget(event.robot);
    if (event.kind === "worker" && event.state === "ready") resolver.restart();
    if (event.kind !== "order") continue;
    const before = orders.get(event)?.end?.result;
    const now = await resolver.solve(event.request);
    solves += 1;
    progress(solves);
    if (before && isSolved(before)) recorded.push(before);
    if (isSolved(now)) again.push(now);
    if (before && isSolved(before) && isSolved(now)) {
      differences.push(distance(before.actions, now.actions, plan.execute, manifest));
    }
  }
  const of = (q: number) => (differences.length === 0 ? null : quantile(differences, q));
  return {
    solves,
    compared: differences.length,
    difference: { p50: of(0.5), p99: of(0.99), max: of(1) },
    recorded: effort(recorded),
    again: effort(again),
  };
}

/** The largest over the executed rows. */
function distance(a: Float32Array, b: Float32Array, rows: number, { normalizer }: Manifest): number {
  const { min, max } = normalizer.action;
  let largest = 0;
  for (let k = 0; k < rows * min.length; k++) {
    const d = k % min.length;
    largest = Math.max(largest, (2 * Math.abs(a[k] - b[k])) / (max[d] - min[d]));
  }
  return largest;
}

function effort(ticks: readonly SolvedTick[]): Effort {
  const average = (of: (tick: SolvedTick) => number) => (ticks.length === 0 ? null : mean(ticks.map(of)));
  const solveMs = ticks.map(({ timings }) => timings.solve);
  return {
    accepted: ticks.length,
    sweeps_mean: average(({ sweeps }) => sweeps),
    evaluations_mean: average(({ evaluations }) => evaluations),
    solve_ms_p50: ticks.length === 0 ? null : quantile(solveMs, 0.5),
  };
}

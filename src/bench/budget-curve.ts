import type { World } from "../../sim/world.js";
import type { Runtime } from "../inference/runtime.js";
import type { SolverOptions } from "../inference/settings.js";
import type { Bundle } from "../policy/bundle.js";
import type { EpisodeRecord } from "../telemetry/episode-record.js";
import type { Rung } from "../telemetry/loop-event.js";
import { quantile } from "../telemetry/statistics.js";
import { summarise } from "../telemetry/summary.js";
import { playClosedLoop } from "./closed-loop.js";

export interface BudgetCurveOptions {
  readonly solver: SolverOptions;
  readonly runtime: Runtime;
  readonly episodes: number;
  readonly seed: number;
  /** Shares of the sequential solve time, for example 0.5. */
  readonly shares: readonly number[];
}

/** What a solve budget costs. */
export interface BudgetRow {
  readonly share: number;
  readonly budget_ms: number;
  readonly score_mean: number;
  readonly scores: readonly number[];
  readonly steps: number;
  readonly silent_ticks: number;
  readonly missed: number;
  readonly ladder: Readonly<Record<Rung, number>>;
  readonly sweeps_mean: number;
}

export interface BudgetCurve {
  /** Median time of a sequential solve on this machine, in the same run. */
  readonly sequential_ms: number;
  readonly rows: readonly BudgetRow[];
}

/** Plays the same episodes with ever smaller solve budgets, in lock-step: the world waits for the budget and no longer. */
export async function budgetCurve(
  world: World,
  bundle: Bundle,
  { solver, runtime, episodes, seed, shares }: BudgetCurveOptions,
  progress: (what: string) => void,
): Promise<BudgetCurve> {
  const timed = await playClosedLoop(
    [world],
    bundle,
    { solver: { name: "sequential" }, runtime, episodes: 1, seed },
    (what) => progress(`timing the sequential solve: ${what}`),
  );
  const times = timed.records.flatMap(({ ticks }) => ticks.map(({ solveMs }) => solveMs));
  const sequentialMs = quantile(times, 0.5);
  const rows: BudgetRow[] = [];
  for (const share of shares) {
    const solve = share * sequentialMs;
    const loop = { solver, runtime, episodes, seed, budgets: { solve } };
    const tell = (what: string) => progress(`budget ${(100 * share).toFixed(0)} %: ${what}`);
    const { records } = await playClosedLoop([world], bundle, loop, tell);
    rows.push(rowOf(share, solve, records));
  }
  return { sequential_ms: sequentialMs, rows };
}

function rowOf(share: number, budget_ms: number, records: readonly EpisodeRecord[]): BudgetRow {
  const { score_mean, scores, steps, silent_steps, deadline_misses, ladder, sweeps } = summarise(records);
  return {
    share,
    budget_ms,
    score_mean,
    scores,
    steps,
    silent_ticks: silent_steps,
    missed: deadline_misses,
    ladder,
    sweeps_mean: sweeps.mean,
  };
}

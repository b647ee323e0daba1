import { type EpisodeRecord, isAnswered } from "./episode-record.js";
import { RUNGS, type Rung } from "./loop-event.js";
import { mean, quantile } from "./statistics.js";

/** How values are spread. */
export interface Spread {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** What a number of episodes came to; per-chunk figures are over chunks that were executed. */
export interface Summary {
  readonly score_mean: number;
  readonly scores: readonly number[];
  readonly success_rate: number;
  /** Control steps. */
  readonly steps: number;
  readonly chunks: number;
  /** Of the chunks, those that met the solver's tolerance. */
  readonly accepted_rate: number;
  readonly ladder: Readonly<Record<Rung, number>>;
  readonly deadline_misses: number;
  readonly silent_steps: number;
  readonly held_steps: number;
  readonly sweeps: Spread;
  readonly evals: { readonly mean: number };
  readonly solve_ms: Spread;
  readonly round_trip_ms: Spread;
  /** Over all control steps, those answered from the plan in hand included. */
  readonly step_round_trip_ms: Spread;
}

/**
 * @example
 * const { score_mean, sweeps } = summarise(records);
 */
export function summarise(records: readonly EpisodeRecord[]): Summary {
  const ticks = records.flatMap((record) => record.ticks);
  const answered = ticks.filter(isAnswered);
  const sum = (count: (record: EpisodeRecord) => number) =>
    records.reduce((total, record) => total + count(record), 0);
  return {
    score_mean: mean(records.map((record) => record.score)),
    scores: records.map((record) => record.score),
    success_rate: mean(records.map((record) => Number(record.success))),
    steps: sum((record) => record.progress.length),
    chunks: answered.length,
    accepted_rate: mean(answered.map((tick) => Number(tick.outcome === "accepted"))),
    ladder: Object.fromEntries(RUNGS.map((rung) => [rung, sum((record) => record.rungs[rung])])) as Record<
      Rung,
      number
    >,
    deadline_misses: sum((record) => record.deadlineMisses),
    silent_steps: sum((record) => record.silentSteps),
    held_steps: sum((record) => record.heldSteps),
    sweeps: spread(answered.map((tick) => tick.sweeps)),
    evals: { mean: mean(answered.map((tick) => tick.evaluations)) },
    solve_ms: spread(answered.map((tick) => tick.solveMs)),
    round_trip_ms: spread(answered.map((tick) => tick.roundTripMs)),
    step_round_trip_ms: spread(records.flatMap((record) => record.roundTripsMs)),
  };
}

export function spread(values: readonly number[]): Spread {
  return {
    mean: mean(values),
    p50: quantile(values, 0.5),
    p90: quantile(values, 0.9),
    p99: quantile(values, 0.99),
    max: quantile(values, 1),
  };
}

import { mean } from "../telemetry/statistics.js";
import type { Summary } from "../telemetry/summary.js";

/** What a contender came to in closed loop. */
export interface Score {
  readonly episodes: number;
  readonly first_seed: number;
  readonly mean: number;
  readonly success_rate: number;
  /** One per seed, counting up. */
  readonly scores: readonly number[];
  readonly sweeps_mean: number;
  readonly evals_mean: number;
  readonly solve_ms_p50: number;
  /** To sequential sampling by DDPM over all levels, seed by seed; absent where that was not played. */
  readonly difference?: PairedDifference;
}

export interface PairedDifference {
  readonly mean: number;
  /** Of the mean; NaN of a single pair. */
  readonly standard_error: number;
}

export function scoreOf(firstSeed: number, summary: Summary): Score {
  return {
    episodes: summary.scores.length,
    first_seed: firstSeed,
    mean: summary.score_mean,
    success_rate: summary.success_rate,
    scores: summary.scores,
    sweeps_mean: summary.sweeps.mean,
    evals_mean: summary.evals.mean,
    solve_ms_p50: summary.solve_ms.p50,
  };
}

/** The score with its difference to a reference over the seeds that both have played. */
export function comparedTo(reference: Score | undefined, score: Score): Score {
  const { difference: _old, ...rest } = score;
  if (!reference) return rest;
  const differences = score.scores.flatMap((value, k) => {
    const other = reference.scores[score.first_seed + k - reference.first_seed];
    return other === undefined ? [] : [value - other];
  });
  return differences.length === 0 ? rest : { ...rest, difference: paired(differences) };
}

function paired(differences: readonly number[]): PairedDifference {
  const average = mean(differences);
  const squares = differences.reduce((sum, value) => sum + (value - average) ** 2, 0);
  const variance = squares / (differences.length - 1);
  return { mean: average, standard_error: Math.sqrt(variance / differences.length) };
}

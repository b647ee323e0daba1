import { type Spread, spread, summarise } from "../../src/telemetry/summary.js";
import type { RosEpisode } from "./episode.js";

/** What a number of episodes came to, as far as a robot on a graph can tell. */
export interface RosSummary {
  readonly score_mean: number;
  readonly scores: readonly number[];
  readonly success_rate: number;
  /** Control steps. */
  readonly steps: number;
  /** Control steps without a new command. */
  readonly silent_steps: number;
  /** Control steps in which nothing was commanded but to stay. */
  readonly held_steps: number;
  readonly refused_commands: number;
  readonly step_round_trip_ms: Spread;
  readonly command_age_ms: Spread;
}

/**
 * @example
 * const { score_mean, step_round_trip_ms } = summariseRos(await world.done);
 */
export function summariseRos(records: readonly RosEpisode[]): RosSummary {
  const { score_mean, scores, success_rate, steps, silent_steps, held_steps, step_round_trip_ms } =
    summarise(records);
  return {
    ...{ score_mean, scores, success_rate, steps, silent_steps, held_steps, step_round_trip_ms },
    refused_commands: records.reduce((sum, { refusals }) => sum + refusals, 0),
    command_age_ms: spread(records.flatMap((record) => record.agesMs)),
  };
}

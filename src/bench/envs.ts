import type { World } from "../../sim/world.js";
import type { Runtime } from "../inference/runtime.js";
import type { SolverOptions } from "../inference/settings.js";
import type { Bundle } from "../policy/bundle.js";
import type { Manifest } from "../policy/manifest.js";
import type { EpisodeRecord } from "../telemetry/episode-record.js";
import { quantile } from "../telemetry/statistics.js";
import { summarise } from "../telemetry/summary.js";
import { playClosedLoop } from "./closed-loop.js";

export interface EnvsPlan {
  /** How many worlds are played at a time; the others are compared with the first. */
  readonly envs: readonly number[];
  readonly solver: SolverOptions;
  readonly runtime: Runtime;
  readonly episodes: number;
  /** Of the first episode; the next ones count up. */
  readonly seed: number;
  /** Times that the episodes are played each way, in turns. */
  readonly rounds: number;
}

/** The same episodes, so many at a time. */
export interface EnvsRow {
  readonly envs: number;
  /** Median over the rounds. */
  readonly wall_s: number;
  readonly episodes_per_minute: number;
  /** Of the first row's median time. */
  readonly speed_up: number;
  readonly scores: readonly number[];
  readonly sweeps_mean: number;
  readonly evals_mean: number;
  /** From a solve's beginning to its chunk: that of all that were solved together, if it was the longest of them. */
  readonly solve_ms_p50: number;
  /** Largest differences to the first row, episode by episode: of the scores … */
  readonly score_difference_max: number;
  /** … of the actions of the first chunk, before which everything is the same, in normalised units … */
  readonly first_chunk_difference_max: number;
  /** … and episodes in which any executed action differs at all. */
  readonly episodes_that_differ: number;
}

/** Plays the same episodes one at a time and several at a time: what that gains, and whether it changes anything. */
export async function benchEnvs(
  openWorlds: (count: number) => Promise<readonly World[]>,
  bundle: Bundle,
  { envs, rounds, ...loop }: EnvsPlan,
  progress: (what: string) => void,
): Promise<EnvsRow[]> {
  const worlds = await openWorlds(Math.max(...envs));
  const ways = envs.map((count) => ({
    count,
    wallMs: [] as number[],
    records: [] as readonly EpisodeRecord[],
  }));
  for (let round = 1; round <= rounds; round++) {
    for (const way of ways) {
      const tell = (what: string) => progress(`round ${round}/${rounds}, ${way.count} at a time: ${what}`);
      const { records, wallMs } = await playClosedLoop(worlds.slice(0, way.count), bundle, loop, tell);
      way.wallMs.push(wallMs);
      way.records = records;
    }
  }
  const [first] = ways;
  const wallMs = (times: readonly number[]) => quantile(times, 0.5);
  return ways.map(({ count, wallMs: times, records }) => {
    const { scores, sweeps, evals, solve_ms } = summarise(records);
    const ms = wallMs(times);
    return {
      envs: count,
      wall_s: ms / 1000,
      episodes_per_minute: loop.episodes / (ms / 60_000),
      speed_up: wallMs(first.wallMs) / ms,
      scores,
      sweeps_mean: sweeps.mean,
      evals_mean: evals.mean,
      solve_ms_p50: solve_ms.p50,
      score_difference_max: Math.max(
        ...records.map(({ score }, k) => Math.abs(score - first.records[k].score)),
      ),
      first_chunk_difference_max: Math.max(
        ...records.map((record, k) => firstChunkDifference(bundle.manifest, record, first.records[k])),
      ),
      episodes_that_differ: records.filter(
        ({ actions }, k) => String(actions) !== String(first.records[k].actions),
      ).length,
    };
  });
}

function firstChunkDifference(manifest: Manifest, a: EpisodeRecord, b: EpisodeRecord): number {
  const { min, max } = manifest.normalizer.action;
  const differences = a.actions
    .slice(0, Math.min(manifest.n_action_steps, b.actions.length))
    .flatMap((action, step) =>
      action.map((value, d) => (2 * Math.abs(value - b.actions[step][d])) / (max[d] - min[d])),
    );
  return Math.max(...differences);
}

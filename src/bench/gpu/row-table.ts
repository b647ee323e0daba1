import { mean, quantile } from "../../telemetry/statistics.js";
import type { CallPattern, PatternPlayer } from "./call-pattern.js";
import type { GpuRow } from "./result.js";
import type { Runner } from "./runners.js";
import type { SolveSample } from "./solves.js";
import { timingOf } from "./timing.js";

/** What a network's solves ask, by row, and what they cost beside the network: of the trained policy, for the others. */
export interface CallSource {
  readonly policy: string;
  readonly rows: readonly {
    readonly runner: Runner;
    readonly patterns: readonly CallPattern[];
    readonly own_ms: number | null;
  }[];
}

/** The calls of a solve that another network made. */
export interface Replay {
  readonly runner: Runner;
  readonly pattern: CallPattern;
}

/** Gathers the samples of every row, and replays each one's calls. */
export class RowTable {
  readonly #player: PatternPlayer;
  readonly #source: CallSource;
  readonly #samples = new Map<
    Runner,
    { readonly sample: SolveSample | Replay; readonly callsMs: number }[]
  >();
  readonly #seen = new Set<number>();

  constructor(player: PatternPlayer, source: CallSource) {
    this.#player = player;
    this.#source = source;
  }

  async add(sample: SolveSample | Replay): Promise<void> {
    const { runner, pattern } = sample;
    // A batch size that the provider has not met costs a compilation or a search, once.
    const fresh = pattern.filter((rows) => !this.#seen.has(rows));
    if (fresh.length > 0) await this.#player.play([...new Set(fresh)]);
    for (const rows of fresh) this.#seen.add(rows);
    const callsMs = await this.#player.play(pattern);
    this.#samples.set(runner, [...(this.#samples.get(runner) ?? []), { sample, callsMs }]);
  }

  rows(): GpuRow[] {
    return this.#inOrder().map(([runner, entries]) => {
      const solved = entries.flatMap(({ sample }) => ("ms" in sample ? [sample] : []));
      const isSolved = solved.length > 0;
      const replayed = entries.map(({ callsMs }) => callsMs);
      const own_ms = isSolved ? ownMs(solved) : this.#borrowedOwnMs(runner);
      const patterns = entries.map(({ sample }) => sample.pattern);
      const errors = solved.flatMap(({ error }) => error ?? []);
      const cpuErrors = solved.flatMap(({ cpu_error }) => cpu_error ?? []);
      const agreement = isSolved
        ? quantile(replayed, 0.5) /
          quantile(
            solved.map(({ network_ms }) => network_ms),
            0.5,
          )
        : null;
      return {
        name: runner.name,
        start: runner.start,
        stride: runner.stride,
        solve: isSolved ? timingOf(solved.map(({ ms }) => ms)) : null,
        calls: timingOf(replayed),
        agreement,
        own_ms,
        ms: timingOf(isSolved ? solved.map(({ ms }) => ms) : replayed.map((ms) => ms + (own_ms ?? 0))),
        sweeps: mean(patterns.map(({ length }) => length)),
        evaluations: mean(patterns.map((batches) => batches.reduce((sum, rows) => sum + rows, 0))),
        sweeps_from: isSolved ? "its own solves" : this.#source.policy,
        error_p50: errors.length > 0 ? quantile(errors, 0.5) : null,
        error_p99: errors.length > 0 ? quantile(errors, 0.99) : null,
        cpu_error_p99: cpuErrors.length > 0 ? quantile(cpuErrors, 0.99) : null,
      };
    });
  }

  /** For the networks that come after this one. */
  source(policy: string): CallSource {
    const rows = [...this.#samples].map(([runner, entries]) => ({
      runner,
      patterns: entries.map(({ sample }) => sample.pattern),
      own_ms: ownMs(entries.flatMap(({ sample }) => ("ms" in sample ? [sample] : []))),
    }));
    return { policy: `solves of ${policy} in this run`, rows };
  }

  /** Cold before warm, as a reader compares them. */
  #inOrder() {
    const place = ({ start, stride }: Runner) => (start === "cold" ? 0 : 1000 - (stride ?? 0));
    return [...this.#samples].sort(([a], [b]) => place(a) - place(b));
  }

  #borrowedOwnMs(runner: Runner): number | null {
    return this.#source.rows.find((row) => row.runner === runner)?.own_ms ?? null;
  }
}

function ownMs(samples: readonly SolveSample[]): number {
  return quantile(
    samples.map(({ ms, network_ms }) => ms - network_ms),
    0.5,
  );
}

import { type EpisodeRecord, isAnswered } from "../telemetry/episode-record.js";

/** Numbers to plot; `null` leaves a gap. */
export type Column = ReadonlyArray<number | null>;

/** One episode as columns, the layout uPlot draws. The arrays of `ticks` run in parallel, by control step. */
export interface EpisodePlot {
  readonly label: string;
  readonly progress: Column;
  readonly ticks: {
    readonly step: readonly number[];
    readonly sweeps: Column;
    readonly solveMs: Column;
    readonly roundTripMs: Column;
    readonly residual: Column;
    readonly outcome: readonly string[];
    readonly mark: ReadonlyArray<"missed" | "held" | null>;
  };
}

/**
 * Turns an episode into the columns that the report's plots read.
 *
 * ```ts
 * toEpisodePlot(record).ticks.sweeps;  // [6, 3, 3, 4, …]
 * ```
 */
export function toEpisodePlot(record: EpisodeRecord): EpisodePlot {
  // A late answer is recorded after its successor's, and uPlot needs x ascending.
  const ticks = record.ticks.filter((tick) => Number.isFinite(tick.step)).sort((a, b) => a.step - b.step);
  return {
    label: `Episode ${record.episode}, seed ${record.seed}`,
    progress: record.progress.map(plottable),
    ticks: {
      step: ticks.map((tick) => tick.step),
      sweeps: ticks.map((tick) => plottable(tick.sweeps)),
      // A refusal before the solver ran leaves a gap; a dip towards zero would read as a fast solve.
      solveMs: ticks.map((tick) => positive(tick.solveMs)),
      roundTripMs: ticks.map((tick) => (tick.solveMs > 0 ? positive(tick.roundTripMs) : null)),
      // A logarithmic scale has no place for an exact solve's zero.
      residual: ticks.map((tick) => positive(tick.residual)),
      outcome: ticks.map((tick) => (tick.missed ? `${tick.outcome}, missed` : tick.outcome)),
      mark: ticks.map((tick) => (isAnswered(tick) ? (tick.missed ? "missed" : null) : "held")),
    },
  };
}

// Five digits are more than a screen resolves, and keep the page small.
function plottable(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? Number(value.toPrecision(5)) : null;
}

function positive(value: number | undefined): number | null {
  return value !== undefined && value > 0 ? plottable(value) : null;
}

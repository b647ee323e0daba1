import { RUNGS, type Rung } from "../telemetry/loop-event.js";
import type { Histogram } from "./histogram.js";
import type { TickColumn, TickTable } from "./tick-table.js";

/** As many points as a wide screen resolves. */
const MOST_POINTS = 1500;

type Curve = ReturnType<Histogram["curve"]>;
type Column = ReadonlyArray<number | null>;

/** What the profile's page draws. */
export interface ProfilePlots {
  readonly endToEnd: Curve;
  readonly uncorrected: Curve;
  readonly overhead: Curve;
  /**
   * Columns by point. A point stands for so many ticks from its own on (`ticksPerPoint`), for their worst: the highest
   * latency, the lowest rung, any miss; `median` says what was usual.
   */
  readonly series: {
    readonly ticksPerPoint: number;
    readonly tick: readonly number[];
    readonly where: readonly string[];
    readonly endToEnd: Column;
    readonly median: Column;
    readonly missed: readonly number[];
    readonly rung: readonly number[];
    readonly sweeps: Column;
    readonly residual: Column;
  };
  readonly rungs: readonly Rung[];
}

/** Turns what was collected into columns; long runs keep their maxima. */
export function profilePlots(
  ticks: TickTable,
  histograms: {
    readonly endToEnd: Histogram;
    readonly uncorrected: Histogram;
    readonly overhead: Histogram;
  },
): ProfilePlots {
  const ticksPerPoint = Math.max(1, Math.ceil(ticks.length / MOST_POINTS));
  const points = Array.from({ length: Math.ceil(ticks.length / ticksPerPoint) }, (_, k) => k * ticksPerPoint);
  const read = (column: TickColumn, first: number) =>
    Array.from({ length: Math.min(ticksPerPoint, ticks.length - first) }, (_, k) =>
      ticks.get(first + k, column),
    ).filter((value) => !Number.isNaN(value));
  const worst = (column: TickColumn) => points.map((first) => plottable(Math.max(...read(column, first))));
  return {
    endToEnd: histograms.endToEnd.curve(),
    uncorrected: histograms.uncorrected.curve(),
    overhead: histograms.overhead.curve(),
    series: {
      ticksPerPoint,
      tick: points,
      where: points.map((first) => `${ticks.get(first, "episode")} / ${ticks.get(first, "step")}`),
      endToEnd: worst("endToEnd"),
      median: points.map((first) => plottable(middle(read("endToEnd", first)))),
      missed: points.map((first) => read("missed", first).reduce((sum, missed) => sum + missed, 0)),
      rung: points.map((first) => Math.max(...read("rung", first))),
      sweeps: worst("sweeps"),
      // A logarithmic scale has no place for an exact solve's zero.
      residual: worst("residual").map((value) => value || null),
    },
    rungs: RUNGS,
  };
}

function middle(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.ceil(values.length / 2) - 1];
}

function plottable(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : null;
}

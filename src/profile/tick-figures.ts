import { RUNGS, type Rung } from "../telemetry/loop-event.js";
import type { SlowTick } from "./profile-result.js";
import { STAGES } from "./stage.js";
import type { TickTable } from "./tick-table.js";

/** How many ticks came from each rung. */
export function ladderOf(ticks: TickTable): Record<Rung, number> {
  const ladder = { fresh: 0, iterate: 0, rest: 0, hold: 0, stop: 0 };
  for (let row = 0; row < ticks.length; row++) ladder[RUNGS[ticks.get(row, "rung")]] += 1;
  return ladder;
}

/** When the first tick began, in monotonic milliseconds; Infinity if there is none. */
export function begunAt(ticks: TickTable): number {
  return ticks.length === 0 ? Number.POSITIVE_INFINITY : ticks.get(0, "at") - ticks.get(0, "endToEnd");
}

export function missedRows(ticks: TickTable): number[] {
  return Array.from({ length: ticks.length }, (_, row) => row).filter(
    (row) => ticks.get(row, "missed") === 1,
  );
}

/** How often each name occurs, most frequent first. */
export function tally(names: Iterable<string>): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

/**
 * The slowest ticks, slowest first.
 *
 * @param robots names by the table's numbers.
 * @param culprits of missed ticks, by row.
 */
export function slowestTicks(
  ticks: TickTable,
  count: number,
  robots: readonly string[],
  culprits: ReadonlyMap<number, string>,
): SlowTick[] {
  const rows = Array.from({ length: ticks.length }, (_, row) => row);
  rows.sort((a, b) => ticks.get(b, "endToEnd") - ticks.get(a, "endToEnd"));
  return rows.slice(0, count).map((row) => ({
    tick: row,
    robot: robots[ticks.get(row, "robot")],
    episode: ticks.get(row, "episode"),
    step: ticks.get(row, "step"),
    rung: RUNGS[ticks.get(row, "rung")],
    missed: ticks.get(row, "missed") === 1,
    culprit: culprits.get(row) ?? null,
    end_to_end_ms: figure(ticks.get(row, "endToEnd")),
    stages: Object.fromEntries(
      STAGES.map((stage) => [stage, figure(ticks.get(row, stage))] as const).filter(
        ([, ms]) => !Number.isNaN(ms),
      ),
    ),
  }));
}

function figure(ms: number): number {
  return Number(ms.toPrecision(5));
}

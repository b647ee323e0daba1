import type { Pause } from "./pause-watch.js";
import { STAGES, type Stage } from "./stage.js";
import type { TickTable } from "./tick-table.js";

/** A stage less than this share of the tick, or of its longest stage, above its median is as long as ever. */
const OUT_OF_THE_ORDINARY = 0.1;

/** A stage, or the alarm that was taken up late. */
export type Suspect = "alarm" | Stage;

const SUSPECTS: readonly Suspect[] = ["alarm", ...STAGES];

/**
 * What took the time of a missed tick: the stage furthest above its own median. If all are as long as ever, it is the
 * longest: its budget is too small. A pause of the runtime that explains half of it takes the blame for the stage that it
 * fell into.
 *
 * @param median a stage's usual milliseconds.
 */
export function culpritOf(
  ticks: TickTable,
  row: number,
  median: (stage: Suspect) => number,
  pauses: readonly Pause[],
): string {
  const out = ticks.get(row, "at");
  const begun = out - ticks.get(row, "endToEnd");
  let furthest: { stage: Suspect; excess: number } = { stage: "solve", excess: 0 };
  let longest: { stage: Suspect; ms: number } = { stage: "solve", ms: 0 };
  for (const stage of SUSPECTS) {
    const ms = stage === "solve" ? solveMs(ticks, row) : ticks.get(row, stage);
    if (Number.isNaN(ms)) continue;
    const excess = ms - median(stage);
    if (excess > furthest.excess) furthest = { stage, excess };
    if (ms > longest.ms) longest = { stage, ms };
  }
  // A tick does not wait for a solve that reaches further than it, and is short then.
  const isOrdinary = furthest.excess < OUT_OF_THE_ORDINARY * Math.max(out - begun, longest.ms);
  const blamed = isOrdinary ? longest : { stage: furthest.stage, ms: furthest.excess };
  const paused = pauses.reduce(
    (sum, { at, ms }) => sum + Math.max(0, Math.min(out, at + ms) - Math.max(begun, at)),
    0,
  );
  return paused > 0 && paused >= blamed.ms / 2 ? "gc" : blamed.stage;
}

/** A solve that never ended took all the time that nothing else did. */
function solveMs(ticks: TickTable, row: number): number {
  const known = ticks.get(row, "solve");
  if (!Number.isNaN(known)) return known;
  return SUSPECTS.reduce((left, stage) => left - (ticks.get(row, stage) || 0), ticks.get(row, "endToEnd"));
}

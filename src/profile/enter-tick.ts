import { RUNGS, type TickRecord } from "../telemetry/loop-event.js";
import { STAGES } from "./stage.js";
import type { TickTable } from "./tick-table.js";

/** Enters a tick's figures into the table; returns its row. */
export function enterTick(ticks: TickTable, tick: TickRecord, robot: number, alarmMs: number): number {
  const row = ticks.append();
  ticks.set(row, "at", tick.at);
  ticks.set(row, "robot", robot);
  ticks.set(row, "episode", tick.episode);
  ticks.set(row, "step", tick.step);
  ticks.set(row, "rung", RUNGS.indexOf(tick.rung));
  ticks.set(row, "missed", tick.missed ? 1 : 0);
  ticks.set(row, "endToEnd", tick.endToEndMs);
  ticks.set(row, "overhead", tick.overheadMs);
  ticks.set(row, "alarm", alarmMs);
  // A chunk serves several ticks, and was solved once; one that was cut short is missed only in the first of them.
  if (tick.plan && (tick.stages.solve !== undefined || (tick.rung === "iterate" && tick.missed))) {
    ticks.set(row, "sweeps", tick.plan.sweeps);
    ticks.set(row, "residual", tick.plan.residual);
  }
  for (const stage of STAGES) ticks.set(row, stage, tick.stages[stage] ?? Number.NaN);
  return row;
}

import type { Spread } from "../profile/histogram.js";
import { describeTime, duration, milliseconds, overheads, percent } from "../profile/profile-account.js";
import type { ProfileResult } from "../profile/profile-result.js";
import { RUNGS } from "../telemetry/loop-event.js";
import { table } from "./terminal.js";

const BAR_CELLS = 20;
/** Later sweeps are rare, and a sequential sampler has a hundred. */
const SWEEPS_SHOWN = 8;

/** A profile for a person at a terminal. */
export function profileText(result: ProfileResult): string {
  return `${[
    describeTime(result),
    stageTable(result),
    ladderLine(result),
    ...missLines(result),
    ...verdictLines(result),
    ...runtimeLines(result),
  ].join("\n\n")}\n`;
}

function stageTable(result: ProfileResult): string {
  const stages = Object.entries(result.stages).filter(([name]) => sweepNumber(name) <= SWEEPS_SHOWN);
  const row = (name: string, { p50, p90, p99, p999, max }: Spread, perMs = 1) => [
    name,
    ...[p50, p90, p99, p999, max].map((value) => milliseconds(value / perMs)),
    ` ${bar(p50 / perMs / result.tick_ms)}`,
  ];
  return table([
    [
      "ms",
      "p50",
      "p90",
      "p99",
      "p99.9",
      "max",
      ` ${`of a tick of ${duration(result.tick_ms)}`.padEnd(BAR_CELLS + 5)}`,
    ],
    ...stages.map(([name, spread]) => row(isPart(name) ? `  ${name}` : name, spread)),
    row("overhead", result.overhead_us, 1000),
    ...overheads(result).map(([name, spread]) => row(`  ${name}`, spread, 1000)),
    row("end to end", result.end_to_end_ms),
    ...(result.omitted_ticks > 0 ? [row("  uncorrected", result.end_to_end_uncorrected_ms)] : []),
  ]);
}

function ladderLine({ ladder, ticks }: ProfileResult): string {
  const rungs = RUNGS.map((rung) => `${rung} ${ladder[rung]} (${percent(ladder[rung] / (ticks || 1))})`);
  return `ladder    ${rungs.join("   ")}`;
}

function missLines({ missed, ticks, culprits }: ProfileResult): string[] {
  if (missed === 0) return [];
  const by = Object.entries(culprits).map(([culprit, count]) => `${culprit} ${count}`);
  return [`missed    ${missed} of ${ticks} (${percent(missed / ticks)}), because of: ${by.join(", ")}`];
}

function verdictLines({
  silent_ticks,
  unsafe_actions,
  unsafe,
  refused,
  workers_lost,
}: ProfileResult): string[] {
  const refusals = Object.entries(refused).map(([reason, count]) => `${reason} ${count}`);
  return [
    [
      `silent    ${silent_ticks} control steps without an action`,
      `unsafe    ${unsafe_actions} actions`,
      ...unsafe.slice(0, 3).map((fault) => `          ${fault}`),
      ...(refusals.length > 0 ? [`refused   ${refusals.join(", ")}`] : []),
      ...(workers_lost > 0 ? [`worker    lost ${workers_lost} times`] : []),
    ].join("\n"),
  ];
}

function runtimeLines({
  gc,
  event_loop,
  alarm_late_us,
  omitted_ticks,
  pace,
  warmup_ticks,
}: ProfileResult): string[] {
  const loop = event_loop
    ? `, event loop late by p50 ${duration(event_loop.p50)}, p99 ${duration(event_loop.p99)}, max ${duration(event_loop.max)}`
    : "";
  const alarms =
    alarm_late_us.count > 0
      ? `\nalarms    late by p50 ${duration(alarm_late_us.p50 / 1000)}, p99 ${duration(alarm_late_us.p99 / 1000)}, max ${duration(alarm_late_us.max / 1000)}`
      : "";
  const correction =
    pace === "lock-step"
      ? "the world waits for each action: no tick can have been swallowed"
      : `${omitted_ticks} ticks that stalls swallowed are in "end to end" with the latency they would have had`;
  return [
    `runtime   ${gc.count} garbage collections, ${duration(gc.total_ms)} in all, longest ${duration(gc.max_ms)}${loop}${alarms}`,
    `${correction}; ${warmup_ticks} warm-up ticks are in no figure`,
  ];
}

function sweepNumber(name: string): number {
  return Number(/^sweep (\d+)$/.exec(name)?.[1] ?? 0);
}

function isPart(name: string): boolean {
  return name === "network" || sweepNumber(name) > 0;
}

function bar(share: number): string {
  const eighths = Math.min(8 * BAR_CELLS, Math.round(8 * BAR_CELLS * share));
  const partial = eighths % 8 === 0 ? "" : "▏▎▍▌▋▊▉"[(eighths % 8) - 1];
  const cells = "█".repeat(Math.floor(eighths / 8)) + partial;
  return `${cells.padEnd(BAR_CELLS)}${percent(share).padStart(5)}`;
}

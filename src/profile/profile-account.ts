import type { Spread } from "./histogram.js";
import { OVERHEAD_CAUSES, type ProfileResult } from "./profile-result.js";
import { STAGES } from "./stage.js";

/** One sentence about where the time goes, for a person. */
export function describeTime(result: ProfileResult): string {
  const { ticks, end_to_end_ms, overhead_us, overhead_share, stages, tick_ms } = result;
  if (ticks === 0) return "No tick was measured: the run ended within its warm-up.";
  const longest = STAGES.filter((stage) => stages[stage]).sort((a, b) => stages[b].p50 - stages[a].p50)[0];
  const network =
    stages.network && longest === "solve" ? inNetwork(stages.network.p50, stages.solve.p50) : "";
  const where = longest
    ? `most of it in ${longest} (${duration(stages[longest].p50)}${network}) whenever a chunk is solved`
    : "in no stage that was told";
  return (
    `From observation to action ${duration(end_to_end_ms.p50)} in the median and ${duration(end_to_end_ms.p99)} at p99 ` +
    `of a tick of ${duration(tick_ms)}, ${where}; Parapilot's own overhead is ${duration(overhead_us.p50 / 1000)}, ` +
    `${percent(overhead_share.p50)} of the tick.`
  );
}

function inNetwork(network: number, solve: number): string {
  return `, ${Math.round((100 * network) / solve)}% of that in the network`;
}

/** The overhead of ticks by what they had waited for, in words, in microseconds. */
export function overheads({ overhead_by_cause_us }: ProfileResult): readonly (readonly [string, Spread])[] {
  return (Object.keys(OVERHEAD_CAUSES) as (keyof typeof OVERHEAD_CAUSES)[]).flatMap((trigger) => {
    const spread = overhead_by_cause_us[trigger];
    return spread ? [[OVERHEAD_CAUSES[trigger], spread] as const] : [];
  });
}

/** Milliseconds to three digits, aligned by columns: 0.042, 4.20, 42.0, 420. */
export function milliseconds(ms: number): string {
  if (ms >= 100) return ms.toFixed(0);
  return ms >= 10 ? ms.toFixed(1) : ms >= 1 ? ms.toFixed(2) : ms.toFixed(3);
}

/** With its unit: 191 µs, 23.4 ms. */
export function duration(ms: number): string {
  return ms < 1 ? `${figure(1000 * ms)} µs` : `${milliseconds(ms)} ms`;
}

/** A share of one: 0.2%, 99.6%, and 100% only for all. */
export function percent(share: number): string {
  const value = 100 * share;
  if (value === 0 || value >= 100) return `${value.toFixed(0)}%`;
  if (value >= 99.5) return `${Math.min(99.9, value).toFixed(1)}%`;
  return `${value >= 10 ? value.toFixed(0) : value.toPrecision(1)}%`;
}

function figure(value: number): string {
  return String(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
}

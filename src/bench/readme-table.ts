import { publishedFor } from "./published.js";
import type { SamplerRow } from "./sampler-row.js";
import { HINDSIGHT_TOLERANCE } from "./solve-trace.js";

/**
 * One list from the rows of several runs: of two measurements of the same the one at more states counts, of two scores
 * the one over more episodes.
 */
export function mergeRows(runs: readonly (readonly SamplerRow[])[]): SamplerRow[] {
  const merged = new Map<string, SamplerRow>();
  for (const row of runs.flat()) {
    const key = `${row.name}/${row.start}/${row.start === "cold" ? "" : row.stride}`;
    const other = merged.get(key);
    const measured = other && other.states >= row.states ? other : row;
    const score = (other?.score?.episodes ?? 0) >= (row.score?.episodes ?? 0) ? other?.score : row.score;
    merged.set(key, score ? { ...measured, score } : measured);
  }
  return [...merged.values()];
}

/** The rows as Markdown: those with a score, or all if none has one. */
export function markdownTable(rows: readonly SamplerRow[]): string {
  const scored = rows.filter(({ score }) => score);
  const heading = [
    "sampler",
    "rule",
    "start",
    `sweeps to ${HINDSIGHT_TOLERANCE}`,
    "sweeps accepted (p90)",
    "evaluations",
    "error p50",
    "error p99",
    "time, median",
    "score",
    "difference to DDPM",
    "published",
  ];
  const lines = (scored.length > 0 ? scored : rows).map((row) => [
    row.name,
    `${row.rule}, ${row.steps} steps`,
    startOf(row),
    number(row.sweeps_to_tolerance?.mean, 1, row),
    `${row.sweeps_accepted.mean.toFixed(1)} (${row.sweeps_accepted.p90})`,
    row.evals_mean.toFixed(0),
    number(row.error_p50, 4, row),
    number(row.error_p99, 4, row),
    `${row.ms_p50.toFixed(0)} ms`,
    row.score ? row.score.mean.toFixed(3) : "–",
    differenceOf(row),
    publishedFor(row.name)?.figure ?? "–",
  ]);
  const cells = [heading, heading.map(() => "---"), ...lines];
  return cells.map((line) => `| ${line.join(" | ")} |`).join("\n");
}

/** In words, for any table. */
export function startOf({ solver, start, stride }: SamplerRow): string {
  if (solver === "sequential") return "–";
  return start === "cold" ? "cold" : `warm, ${stride} executed`;
}

/** What is exact in law only has no error on a path. */
export function number(value: number | null | undefined, digits: number, row: SamplerRow): string {
  if (row.error_p50 === null) return "law";
  return value === null || value === undefined || Number.isNaN(value) ? "never" : value.toFixed(digits);
}

export function differenceOf({ score }: SamplerRow): string {
  if (!score?.difference) return "–";
  const { mean, standard_error } = score.difference;
  // JSON has no NaN: of a single pair the error is null there.
  const error = Number.isFinite(standard_error) ? ` ± ${standard_error.toFixed(3)}` : "";
  return `${mean < 0 ? "-" : "+"}${Math.abs(mean).toFixed(3)}${error}`;
}

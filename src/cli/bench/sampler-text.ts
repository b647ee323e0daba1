import { publishedFor } from "../../bench/published.js";
import { differenceOf, number, startOf } from "../../bench/readme-table.js";
import type { SamplerRow } from "../../bench/sampler-row.js";
import { HINDSIGHT_TOLERANCE } from "../../bench/solve-trace.js";
import { table } from "../terminal.js";

/** The rows as a table for a terminal; columns that say nothing are left out. */
export function samplerTable(rows: readonly SamplerRow[]): string {
  const columns: [heading: string, cell: (row: SamplerRow) => string][] = [
    ["sampler", ({ name }) => name],
    ["start", startOf],
    [`sweeps to ${HINDSIGHT_TOLERANCE}`, (row) => number(row.sweeps_to_tolerance?.mean, 2, row)],
    ["p90", (row) => number(row.sweeps_to_tolerance?.p90, 0, row)],
    ["accepted", (row) => row.sweeps_accepted.mean.toFixed(2)],
    ["p90", (row) => String(row.sweeps_accepted.p90)],
    ["evaluations", (row) => row.evals_mean.toFixed(0)],
    ["error p50", (row) => number(row.error_p50, 4, row)],
    ["p99", (row) => number(row.error_p99, 4, row)],
    ["ms", (row) => row.ms_p50.toFixed(1)],
  ];
  if (rows.some(({ score }) => score)) {
    columns.push(
      ["score", ({ score }) => score?.mean.toFixed(3) ?? ""],
      ["to DDPM", (row) => (row.score ? differenceOf(row) : "")],
      ["loop sweeps", ({ score }) => score?.sweeps_mean.toFixed(1) ?? ""],
      ["loop ms", ({ score }) => score?.solve_ms_p50.toFixed(0) ?? ""],
    );
  }
  if (rows.some(({ name }) => publishedFor(name))) {
    columns.push(["published", ({ name }) => publishedFor(name)?.figure ?? ""]);
  }
  return table([
    columns.map(([heading]) => heading),
    ...rows.map((row) => columns.map(([, cell]) => cell(row))),
  ]);
}

/** What has gone wrong, a line each; or that nothing has. */
export function verdictText(
  rows: readonly { readonly verdicts: readonly string[] }[],
  label: (k: number) => string,
): string {
  const lines = rows.flatMap(({ verdicts }, k) => verdicts.map((verdict) => `! ${label(k)}: ${verdict}`));
  return lines.length > 0 ? lines.join("\n") : "No failure signature appeared.";
}

/** How a person runs each contender. */
export function commandText(rows: readonly SamplerRow[]): string {
  const commands = new Map(rows.map(({ name, start, flags }) => [`${name}, ${start}`, flags]));
  return [...commands].map(([name, flags]) => `${name}: parapilot eval <task> ${flags}`).join("\n");
}

import { describeRuntime, type Runtime } from "../inference/runtime.js";
import type { Contest } from "../optimize/contest.js";
import type { Count, Optimized, OptimizedGraph } from "../optimize/optimize.js";
import type { OptimizedFile } from "../optimize/optimized-manifest.js";
import type { Worth } from "../optimize/worth.js";
import { table } from "./terminal.js";

/** Rounding of a network this size stays below; more deserves a word. */
const NOTED_DIFFERENCE = 1e-5;

/** What was found out about the graphs of one network. */
export interface Measured {
  /** Of the original and then the graphs. */
  readonly contests: readonly Contest[];
  readonly graphs: readonly MeasuredGraph[];
}

export interface MeasuredGraph extends OptimizedGraph {
  /** From the original, at most. */
  readonly difference: number;
  /** From how many rows it serves; null when it is not worth having. */
  readonly from: number | null;
}

/** What `parapilot optimize --json` prints. */
export type Figures = ReturnType<typeof figuresOf>;

export function figuresOf(
  policy: string,
  out: string,
  runtime: Runtime,
  { report }: Optimized,
  { contests, graphs }: Measured,
  files: readonly OptimizedFile[],
  each?: readonly Worth[],
) {
  const rows = contests.map(({ rows, ms: [original, ...others] }) => {
    const serving = graphs.reduce((last, { from }, k) => (from !== null && from <= rows ? k : last), -1);
    const optimized = serving < 0 ? original : others[serving];
    return {
      rows,
      original_ms: original,
      graphs_ms: others,
      optimized_ms: optimized,
      ratio: optimized / original,
    };
  });
  return {
    policy,
    out,
    ...runtime,
    ...report,
    graphs: graphs.map(({ name, bytes, difference, from }) => ({
      graph: name,
      bytes: bytes.length,
      largest_difference: difference,
      from_rows: from,
    })),
    largest_difference: Math.max(...graphs.map(({ difference }) => difference)),
    rows,
    files,
    ...(each ? { each } : {}),
  };
}

/** The same for a reader. */
export function describe({
  policy,
  out,
  rewrites,
  kept,
  graphs,
  rows,
  files,
  each,
  ...rest
}: Figures): string {
  const list = (counts: readonly Count[]) => counts.map(({ name, count }) => `${count} × ${name}`).join(", ");
  const ms = (value: number) => value.toFixed(value < 10 ? 2 : 1);
  const cells = rows.map(({ rows: batch, original_ms, graphs_ms, ratio }) => [
    String(batch),
    ...[original_ms, ...graphs_ms].map(ms),
    ratio.toFixed(2),
  ]);
  const { largest_difference: difference } = rest;
  const noted =
    difference > NOTED_DIFFERENCE
      ? `; more than ${NOTED_DIFFERENCE}, which rounding alone seldom makes: score the policy before you trust it`
      : "";
  const served = graphs.map(({ graph, from_rows }) =>
    from_rows === null
      ? `${graph}: hardly faster anywhere, left out`
      : `${graph}: from ${from_rows} ${from_rows === 1 ? "row" : "rows"} on`,
  );
  return [
    `${policy}, ${describeRuntime(rest)}`,
    `  rewritten    ${list(rewrites)}`,
    `  kept         ${list(kept) || "nothing"}`,
    `  difference   ${difference.toPrecision(2)} at most from the original${noted}`,
    `  graphs       ${served.join("; ")}`,
    "",
    table([["rows", "original, ms", ...graphs.map(({ graph }) => graph), "ratio"], ...cells]),
    "",
    ...(each ? [gains(each), ""] : []),
    files.length > 0
      ? `written to ${out}: ${files.map(({ file }) => file).join(", ")}`
      : `${out} is a copy of the bundle: no graph was faster`,
    "",
  ].join("\n");
}

function gains(each: readonly Worth[]): string {
  const cells = each.map(({ rewrite, graph, rows, with_ms, without_ms }) => [
    rewrite,
    graph,
    String(rows),
    without_ms.toFixed(2),
    with_ms.toFixed(2),
    (with_ms / without_ms).toFixed(2),
  ]);
  return table([["rewrite", "graph", "rows", "without, ms", "with", "ratio"], ...cells]);
}

import { describeRuntime, type Runtime } from "../inference/runtime.js";
import type { Measured } from "../optimize/measure.js";
import type { Count, Optimized } from "../optimize/optimize.js";
import type { Worth } from "../optimize/worth.js";
import type { WrittenFiles } from "../optimize/write-bundle.js";
import { table } from "./terminal.js";

/** Rounding of a network this size stays below; more deserves a word. */
const NOTED_DIFFERENCE = 1e-5;

/** What `parapilot optimize --json` prints. */
export type Figures = ReturnType<typeof figuresOf>;

export function figuresOf(
  policy: string,
  out: string,
  runtime: Runtime,
  { report, observation }: Optimized,
  { contests, graphs, once_ms, gpu }: Measured,
  written: WrittenFiles,
  each?: readonly Worth[],
) {
  const forCpu = graphs.filter((graph) => graph.for === "cpu");
  const rows = contests.map(({ rows, ms: [original, ...others] }) => {
    const serving = forCpu.reduce((last, { from }, k) => (from !== null && from <= rows ? k : last), -1);
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
    once: { operators: report.once, bytes: observation?.length ?? 0, ms: once_ms },
    graphs: graphs.map(({ name, for: target, precision, bytes, nodes, differences, from, reason }) => ({
      graph: name,
      for: target,
      precision,
      bytes: bytes.length,
      nodes,
      largest_difference: differences.noise,
      clean_difference: differences.clean,
      from_rows: from,
      reason: reason ?? null,
    })),
    largest_difference: Math.max(
      ...graphs.filter(({ from }) => from !== null).map(({ differences }) => differences.noise),
    ),
    rows,
    gpu: gpu ?? null,
    ...written,
    ...(each ? { each } : {}),
  };
}

/** The same for a reader. */
export function describe(figures: Figures): string {
  const { policy, out, rewrites, kept, once, graphs, rows, gpu, files, each } = figures;
  const cells = rows.map(({ rows: batch, original_ms, graphs_ms, ratio }) => [
    String(batch),
    ...[original_ms, ...graphs_ms].map(milliseconds),
    ratio.toFixed(2),
  ]);
  const forCpu = graphs.filter((graph) => graph.for === "cpu");
  return [
    `${policy}, ${describeRuntime(figures)}`,
    `  rewritten    ${list(rewrites)}`,
    `  kept         ${list(kept) || "nothing"}`,
    `  once a tick  ${once.bytes > 0 ? `${list(once.operators)}${once.ms === null ? "" : `, ${milliseconds(once.ms)} ms`}` : "nothing depends on the observation alone"}`,
    ...graphs.map((graph) => `  ${graph.graph.padEnd(11)}  ${describeGraph(graph)}`),
    "",
    table([["rows", "original, ms", ...forCpu.map(({ graph }) => graph), "ratio"], ...cells]),
    "",
    gpu ? onGpu(gpu) : "no GPU here: the graphs for one were compared on the CPU, and not timed",
    "",
    ...(each ? [gains(each), ""] : []),
    files.length > 0
      ? `written to ${out}: ${[figures.observation, ...files].flatMap((written) => written?.file ?? []).join(", ")}`
      : `${out} is a copy of the bundle: no graph was faster`,
    "",
  ].join("\n");
}

function list(counts: readonly Count[]): string {
  return counts.map(({ name, count }) => `${count} × ${name}`).join(", ");
}

function milliseconds(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}

function describeGraph(graph: Figures["graphs"][number]): string {
  const { from_rows: from, reason, largest_difference: noise, clean_difference: clean } = graph;
  const serves =
    from === null
      ? `left out: ${reason ?? "hardly faster anywhere"}`
      : `for the ${graph.for} from ${from} ${from === 1 ? "row" : "rows"} on`;
  const noted =
    noise > NOTED_DIFFERENCE && from !== null
      ? `; more than ${NOTED_DIFFERENCE}, which rounding alone seldom makes: score the policy before you trust it`
      : "";
  return (
    `${serves}; ${graph.nodes} nodes, ${(graph.bytes / 1e6).toFixed(1)} MB, noise differs by ${noise.toPrecision(2)}, ` +
    `clean predictions by ${clean.toPrecision(2)}${noted}`
  );
}

function onGpu({ provider, own, graphs, contests }: NonNullable<Figures["gpu"]>): string {
  const rows = contests.map(({ rows, ms }) => [String(rows), ...ms.map(milliseconds)]);
  const far = [...(own ? [own] : []), ...graphs.map(({ differences }) => differences)];
  return table([
    [`rows, ${provider}`, ...(own ? ["original, ms"] : []), ...graphs.map(({ name }) => name)],
    ...rows,
    ["differs by", ...far.map(({ noise }) => noise.toPrecision(2))],
  ]);
}

function gains(each: readonly Worth[]): string {
  const cells = each.map(({ rewrite, graph, provider, rows, with_ms, without_ms }) => [
    rewrite === "observation" ? "observation once a tick" : rewrite,
    graph,
    provider,
    String(rows),
    without_ms.toFixed(2),
    with_ms.toFixed(2),
    (with_ms / without_ms).toFixed(2),
  ]);
  return table([["rewrite", "graph", "provider", "rows", "without, ms", "with", "ratio"], ...cells]);
}

import type { Command } from "commander";
import type { CrossingRow } from "../../bench/crossing.js";
import type { GraphSolveRow } from "../../bench/graph-solves.js";
import { describeRuntime } from "../../inference/runtime.js";
import { wholeNumber, wholeNumbers } from "../options.js";
import { printJson, StatusLine, table } from "../terminal.js";
import { openBench, type WorldFlags, worldBench } from "./setup.js";

interface SweepGraphFlags extends WorldFlags {
  readonly sweeps?: readonly number[];
  readonly rounds: number;
  readonly states: number;
  readonly seed: number;
}

const SWEEPS = [1, 2, 3];

export function sweepGraphCommand(): Command {
  return worldBench(
    "sweep-graph",
    "whole sweeps in the network's graph against our loop around it: time, what a crossing costs, sweeps and errors",
  )
    .option(
      "--sweeps <n>",
      `sweeps in one call; give it several times for several (default: ${SWEEPS.join(", ")})`,
      wholeNumbers(1),
    )
    .option("--rounds <n>", "timings of each way", wholeNumber(1), 15)
    .option("--states <n>", "states to solve, cold and warm; 0: only the timings", wholeNumber(0), 32)
    .option("--seed <n>", "seed of the first episode", wholeNumber(0), 100_000)
    .action(sweepGraphBench);
}

async function sweepGraphBench(flags: SweepGraphFlags): Promise<void> {
  const { sweeps = SWEEPS, rounds, states, seed } = flags;
  const bench = await openBench(flags);
  const { bundle, runtime } = bench;
  const status = new StatusLine();
  const progress = (what: string) => status.show(what);
  const { benchCrossing } = await import("../../bench/crossing.js");
  const { benchGraphSolves } = await import("../../bench/graph-solves.js");
  const times = await benchCrossing(bundle, runtime, { sweeps, rounds }, progress);
  const plan = { sweeps, states, seed };
  const solves = states > 0 ? await benchGraphSolves(bench, runtime, plan, progress) : [];
  await bench.network.close();
  status.end();
  const { name: policy } = bundle.manifest;
  if (flags.json) return printJson({ policy, runtime: describeRuntime(runtime), times, solves });
  process.stdout.write(`${policy}, ${describeRuntime(runtime)}, milliseconds\n${timeTable(times)}\n`);
  if (solves.length > 0) process.stdout.write(`\n${solveTable(solves)}\n`);
}

function nameOf({ way, sweeps }: Pick<CrossingRow, "way" | "sweeps">): string {
  if (way === "loop") return "loop around the network";
  return sweeps === 1 ? "sweep in the graph" : `${sweeps} sweeps in the graph`;
}

function timeTable(rows: readonly CrossingRow[]): string {
  const cells = rows.map((row) => [
    nameOf(row),
    row.sweep_ms_p50.toFixed(2),
    row.host_ms_p50.toFixed(3),
    row.crossing_ms_p50.toFixed(3),
  ]);
  return table([["all steps, with probes", "a sweep", "of it in our process", "a crossing"], ...cells]);
}

function solveTable(rows: readonly GraphSolveRow[]): string {
  const cells = rows.map((row) => [
    nameOf(row),
    row.start,
    row.sweeps_mean.toFixed(2),
    String(row.sweeps_p90),
    row.error_p50.toFixed(4),
    row.error_p99.toFixed(4),
    row.error_max.toFixed(4),
    row.ms_p50.toFixed(1),
  ]);
  const heading = ["solves accepted", "start", "sweeps", "p90", "error p50", "p99", "max", "ms p50"];
  return table([heading, ...cells]);
}

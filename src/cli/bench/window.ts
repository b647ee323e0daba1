import type { Command } from "commander";
import { type MemoryUse, memoryOf } from "../../bench/memory.js";
import type { SamplerRow } from "../../bench/sampler-row.js";
import { benchSamplers } from "../../bench/samplers.js";
import { HINDSIGHT_TOLERANCE } from "../../bench/solve-trace.js";
import { WINDOWS, windowVariants } from "../../bench/variants.js";
import { describeRuntime } from "../../inference/runtime.js";
import { wholeNumber, wholeNumbers } from "../options.js";
import { printJson, StatusLine, table } from "../terminal.js";
import { verdictText } from "./sampler-text.js";
import { openBench, type PolicyFlags, policyBench } from "./setup.js";

interface WindowFlags extends PolicyFlags {
  readonly states: number;
  readonly seed: number;
  readonly window?: readonly number[];
}

export function windowCommand(): Command {
  return policyBench("window", "what the window of a solver costs and gains: sweeps, evaluations, memory")
    .option("--states <n>", "states to solve at", wholeNumber(1), 24)
    .option("--seed <n>", "seed of the first episode", wholeNumber(0), 100_000)
    .option("--window <steps...>", `windows to try (default: ${WINDOWS.join(" ")})`, wholeNumbers(1))
    .action(windowBench);
}

async function windowBench(flags: WindowFlags): Promise<void> {
  const { states, seed, window: windows = WINDOWS } = flags;
  const bench = await openBench(flags);
  const { bundle, runtime, isCalibrated } = bench;
  const contenders = windowVariants(
    isCalibrated,
    [...windows].sort((a, b) => a - b),
  );
  const status = new StatusLine();
  const stride = bundle.manifest.n_action_steps;
  const measured = await benchSamplers(bench, contenders, { states, strides: [stride], seed }, (what) =>
    status.show(what),
  );
  await bench.network.close();
  const rows: (SamplerRow & MemoryUse & { window?: number | undefined })[] = [];
  for (const [k, row] of measured.entries()) {
    status.show(`memory of ${row.name}`);
    const { settings } = contenders[k];
    rows.push({ ...row, window: settings.window, ...(await memoryOf(bundle, runtime, settings)) });
  }
  status.end();
  if (flags.json) {
    const { name: policy } = bundle.manifest;
    return printJson({
      policy,
      runtime: describeRuntime(runtime),
      states,
      tolerance: HINDSIGHT_TOLERANCE,
      rows,
    });
  }
  const heading = ["solver", "sweeps", "p90", "evaluations", "error p99", "ms", "solver kB", "network MB"];
  const cells = rows.map((row) => [
    row.name,
    row.sweeps_accepted.mean.toFixed(1),
    String(row.sweeps_accepted.p90),
    row.evals_mean.toFixed(0),
    row.error_p99?.toFixed(4) ?? "law",
    row.ms_p50.toFixed(0),
    (row.solver_bytes / 1000).toFixed(0),
    (row.network_bytes / 1e6).toFixed(1),
  ]);
  process.stdout.write(
    `${bundle.manifest.name}, ${states} states, cold, ${describeRuntime(runtime)}\n` +
      `${table([heading, ...cells])}\n\n${verdictText(rows, (k) => rows[k].name)}\n`,
  );
}

import type { Command } from "commander";
import { benchOverhead } from "../../bench/overhead.js";
import { describeRuntime } from "../../inference/runtime.js";
import { wholeNumber } from "../options.js";
import { printJson, StatusLine, table } from "../terminal.js";
import { openBench, type PolicyFlags, policyBench } from "./setup.js";

interface OverheadFlags extends PolicyFlags {
  readonly solves: number;
}

export function overheadCommand(): Command {
  return policyBench("overhead", "time and memory that a sweep takes besides the network, all levels at once")
    .option("--solves <n>", "solves to time", wholeNumber(1), 300)
    .action(overheadBench);
}

async function overheadBench(flags: OverheadFlags): Promise<void> {
  const { bundle, network, runtime } = await openBench(flags);
  const status = new StatusLine();
  const rows = await benchOverhead(bundle, network, flags.solves, (what) => status.show(what));
  status.end();
  await network.close();
  if (flags.json) return printJson({ policy: bundle.manifest.name, runtime: describeRuntime(runtime), rows });
  const heading = [
    "per sweep",
    "batch",
    "solver ms",
    "noise ms",
    "network ms",
    "share",
    "buffers B",
    "objects B",
  ];
  const cells = rows.map((row) => [
    row.name,
    row.batch.toFixed(0),
    row.solver_ms.toFixed(3),
    row.noise_ms.toFixed(3),
    row.network_ms.toFixed(1),
    `${(100 * row.share).toFixed(1)} %`,
    row.buffer_bytes_per_sweep.toFixed(0),
    row.heap_bytes_per_sweep.toFixed(0),
  ]);
  process.stdout.write(
    `${bundle.manifest.name}, ${describeRuntime(runtime)}\n${table([heading, ...cells])}\n`,
  );
}

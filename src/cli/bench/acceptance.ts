import type { Command } from "commander";
import { benchAcceptance } from "../../bench/acceptance.js";
import { describeRuntime } from "../../inference/runtime.js";
import { describeSolver, resolveSolver, SLOPE_NAMES } from "../../inference/settings.js";
import { wholeNumber } from "../options.js";
import { printJson, StatusLine, table } from "../terminal.js";
import { openBench, type WorldFlags, worldBench } from "./setup.js";

interface AcceptanceFlags extends WorldFlags {
  readonly ticks: number;
  readonly stride?: number;
  readonly seed: number;
  readonly slope?: (typeof SLOPE_NAMES)[number];
}

export function acceptanceCommand(): Command {
  return worldBench(
    "acceptance",
    "how far the residual can be trusted: threshold against sweeps, true error and missed changes of plan",
  )
    .option("--ticks <n>", "ticks to solve, each cold, warm, disturbed and after a jump", wholeNumber(1), 100)
    .option("--stride <n>", "executed steps between ticks (default: the policy's)", wholeNumber(1))
    .option("--seed <n>", "seed of the first episode", wholeNumber(0), 5000)
    .option("--slope <slope>", `semilinear's: ${SLOPE_NAMES.join(", ")}`)
    .action(acceptanceBench);
}

async function acceptanceBench(flags: AcceptanceFlags): Promise<void> {
  const bench = await openBench(flags);
  const { manifest } = bench.bundle;
  const { ticks, seed, slope, stride = manifest.n_action_steps } = flags;
  const settings = resolveSolver(slope ? { slope } : {}, bench.isCalibrated);
  const status = new StatusLine();
  const rows = await benchAcceptance(bench, settings, { ticks, stride, seed }, (done) =>
    status.show(`tick ${done}/${ticks}`),
  );
  status.end();
  await bench.network.close();
  const solver = describeSolver(settings);
  if (flags.json) {
    return printJson({
      policy: manifest.name,
      solver,
      runtime: describeRuntime(bench.runtime),
      stride,
      rows,
    });
  }
  const heading = ["scene", "threshold", "solves", "sweeps", "error p50", "p99", "max", "> 0.05", "> 0.2"];
  const cells = rows.map((row) => [
    row.scene,
    String(row.threshold),
    String(row.solves),
    row.sweeps_mean.toFixed(2),
    row.error_p50.toFixed(4),
    row.error_p99.toFixed(4),
    row.error_max.toFixed(4),
    String(row.astray),
    String(row.flipped),
  ]);
  process.stdout.write(`${manifest.name}, ${solver}, stride ${stride}\n${table([heading, ...cells])}\n`);
}

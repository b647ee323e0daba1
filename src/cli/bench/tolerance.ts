import { type Command, InvalidArgumentError } from "commander";
import { contendersFor } from "../../bench/contenders.js";
import { startOf } from "../../bench/readme-table.js";
import { benchSamplers } from "../../bench/samplers.js";
import { scoreRows } from "../../bench/scored-rows.js";
import { HINDSIGHT_TOLERANCE } from "../../bench/solve-trace.js";
import { toleranceVariants } from "../../bench/variants.js";
import { describeRuntime } from "../../inference/runtime.js";
import { printJson, StatusLine } from "../terminal.js";
import { samplerTable, verdictText } from "./sampler-text.js";
import { openBench, type StateFlags, stateBench } from "./setup.js";

interface ToleranceFlags extends StateFlags {
  readonly only: readonly string[];
  readonly tolerance?: readonly number[];
}

export function toleranceCommand(): Command {
  return stateBench(
    "tolerance",
    "the quality-latency curve: tolerance against error, sweeps, time and score",
    24,
  )
    .option("--only <name...>", "samplers to vary", ["semilinear", "ParaDDPM"])
    .option("--tolerance <t...>", "tolerances to try (default: five or so for each solver)", tolerances)
    .action(toleranceBench);
}

function tolerances(text: string, earlier: readonly number[] = []): readonly number[] {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("give a number above 0");
  return [...earlier, value];
}

async function toleranceBench(flags: ToleranceFlags): Promise<void> {
  const { states, seed, only, score } = flags;
  const bench = await openBench(flags);
  const { bundle, runtime, isCalibrated } = bench;
  const { levels } = bundle.manifest.diffusion;
  // The unvaried reference is what a score is compared with.
  const reference = contendersFor(levels, isCalibrated, { only: [`DDPM-${levels}`] });
  const varied = contendersFor(levels, isCalibrated, { only });
  const contenders = [...reference, ...toleranceVariants(varied, isCalibrated, flags.tolerance)];
  const status = new StatusLine();
  const progress = (what: string) => status.show(what);
  const strides = [bundle.manifest.n_action_steps];
  let rows = await benchSamplers(bench, contenders, { states, strides, seed }, progress);
  await bench.network.close();
  if (score) {
    const exam = { world: await bench.openWorld(), bundle, runtime, episodes: score, seed };
    rows = await scoreRows(rows, contenders, exam, progress);
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
  process.stdout.write(
    `${bundle.manifest.name}, ${states} states, ${describeRuntime(runtime)}\n${samplerTable(rows)}\n\n` +
      `${verdictText(rows, (k) => `${rows[k].name}, ${startOf(rows[k])}`)}\n`,
  );
}

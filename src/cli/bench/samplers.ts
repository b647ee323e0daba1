import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { contendersFor } from "../../bench/contenders.js";
import { watchEpisode } from "../../bench/episode-residuals.js";
import { startOf } from "../../bench/readme-table.js";
import { recordedStatistics } from "../../bench/recorded-statistics.js";
import { benchSamplers } from "../../bench/samplers.js";
import { renderSamplersReport } from "../../bench/samplers-report.js";
import { scoreRows } from "../../bench/scored-rows.js";
import { HINDSIGHT_TOLERANCE } from "../../bench/solve-trace.js";
import { describeRuntime } from "../../inference/runtime.js";
import { describeSolver, resolveSolver } from "../../inference/settings.js";
import { wholeNumbers } from "../options.js";
import { printJson, StatusLine } from "../terminal.js";
import { commandText, samplerTable, verdictText } from "./sampler-text.js";
import { openBench, type StateFlags, stateBench } from "./setup.js";

interface SamplerFlags extends StateFlags {
  readonly stride?: readonly number[];
  readonly only?: readonly string[];
  readonly all?: boolean;
  readonly report: string;
  readonly record?: boolean;
}

export function samplersCommand(): Command {
  return stateBench(
    "samplers",
    "sweeps, evaluations, errors and times of rules and solvers, cold and warm, on states the policy reaches",
    48,
  )
    .option("--stride <n...>", "executed steps between ticks (default: 8 1)", wholeNumbers(1))
    .option("--only <name...>", "samplers to measure (default: those of the README's table)")
    .option("--all", "measure every rule with every solver")
    .option("--report <file>", "HTML page to write", "out/samplers.html")
    .option("--record", "write statistics.json into the policy's folder, for --solver auto")
    .addHelpText(
      "after",
      "\nFor a second opinion on two of them, with scores:\n" +
        "  $ parapilot bench samplers --only semilinear ddpm-100 --score 50\n",
    )
    .action(samplersBench);
}

async function samplersBench(flags: SamplerFlags): Promise<void> {
  const { states, seed, stride: strides = [8, 1], only, all, report, record, score } = flags;
  const bench = await openBench(flags);
  const { bundle, runtime, isCalibrated } = bench;
  const { manifest } = bundle;
  const selection = { ...(only ? { only } : {}), ...(all ? { all } : {}) };
  const contenders = contendersFor(manifest.diffusion.levels, isCalibrated, selection);
  const status = new StatusLine();
  if (!isCalibrated) {
    status.note("the policy has no calibration: semilinear calibrated is left out; run parapilot calibrate");
  }
  const progress = (what: string) => status.show(what);
  let rows = await benchSamplers(bench, contenders, { states, strides, seed }, progress);
  const usual = resolveSolver({}, isCalibrated);
  const episode = await watchEpisode(bench, usual, seed, (step) =>
    progress(`sweeps of an episode, step ${step}`),
  );
  await bench.network.close();
  if (score) {
    const exam = { world: await bench.openWorld(), bundle, runtime, episodes: score, seed };
    rows = await scoreRows(rows, contenders, exam, progress);
  }
  status.end();

  const conditions = `${states} states per rule and stride, ${describeRuntime(runtime)}`;
  await mkdir(dirname(report), { recursive: true });
  await writeFile(
    report,
    renderSamplersReport({ policy: manifest.name, conditions, solver: describeSolver(usual), rows, episode }),
  );
  status.note(`wrote ${report}`);
  if (record) {
    const file = join(bundle.directory, "statistics.json");
    const command = `parapilot bench samplers --record --states ${states}`;
    const statistics = recordedStatistics(bundle, rows, contenders, command);
    await writeFile(file, `${JSON.stringify(statistics, null, 1)}\n`);
    status.note(`wrote ${file}`);
  }
  if (flags.json) {
    return printJson({
      policy: manifest.name,
      runtime: describeRuntime(runtime),
      states,
      tolerance: HINDSIGHT_TOLERANCE,
      rows,
    });
  }
  const label = (k: number) => `${rows[k].name}, ${startOf(rows[k])}`;
  process.stdout.write(
    `${manifest.name}, ${conditions}\n${samplerTable(rows)}\n\n` +
      `${verdictText(rows, label)}\n\n${commandText(rows)}\n`,
  );
}

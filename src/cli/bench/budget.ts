import type { Command } from "commander";
import { budgetCurve } from "../../bench/budget-curve.js";
import { describeRuntime } from "../../inference/runtime.js";
import { loadBundle } from "../../policy/bundle.js";
import { RUNGS } from "../../telemetry/loop-event.js";
import {
  runtimeFrom,
  type SolverFlags,
  solverFrom,
  solverOptions,
  wholeNumber,
  wholeNumbers,
} from "../options.js";
import { printJson, StatusLine, table } from "../terminal.js";
import { openWorldOf } from "../worlds.js";
import { type WorldFlags, worldBench } from "./setup.js";

const SHARES = [100, 75, 50, 25, 10];

interface BudgetFlags extends WorldFlags, SolverFlags {
  readonly episodes: number;
  readonly seed: number;
  readonly share: readonly number[];
}

export function budgetCommand(): Command {
  const command = worldBench(
    "budget",
    "score against the solve budget, in shares of the sequential solve time here",
  )
    .option("--episodes <n>", "episodes per budget", wholeNumber(1), 10)
    .option("--seed <n>", "seed of the first episode", wholeNumber(0), 100_000)
    .option("--share <percent>", `budget, may be repeated (default: ${SHARES.join(", ")})`, wholeNumbers(1))
    .action(benchBudget);
  for (const option of solverOptions) command.addOption(option);
  return command;
}

async function benchBudget(flags: BudgetFlags): Promise<void> {
  const bundle = await loadBundle(flags.policy);
  const runtime = runtimeFrom(flags);
  const { episodes, seed, share = SHARES } = flags;
  const status = new StatusLine();
  const curve = await budgetCurve(
    await openWorldOf(bundle.manifest, flags.world),
    bundle,
    { solver: solverFrom(flags), runtime, episodes, seed, shares: share.map((percent) => percent / 100) },
    (what) => status.show(what),
  );
  status.end();
  const { name } = bundle.manifest;
  if (flags.json)
    return printJson({ policy: name, runtime: describeRuntime(runtime), episodes, seed, ...curve });
  const rows = curve.rows.map((row) => [
    `${(100 * row.share).toFixed(0)} %`,
    row.budget_ms.toFixed(1),
    row.score_mean.toFixed(3),
    row.sweeps_mean.toFixed(2),
    String(row.silent_ticks),
    String(row.missed),
    ...RUNGS.map((rung) => String(row.ladder[rung])),
  ]);
  process.stdout.write(
    `${name}: a sequential solve takes ${curve.sequential_ms.toFixed(1)} ms here (${describeRuntime(runtime)})\n` +
      `${table([["budget", "ms", "score", "sweeps", "silent", "missed", ...RUNGS], ...rows])}\n`,
  );
}

import type { Command } from "commander";
import { benchEnvs } from "../../bench/envs.js";
import { describeRuntime } from "../../inference/runtime.js";
import { describeSolver, resolveSolver } from "../../inference/settings.js";
import { loadBundle } from "../../policy/bundle.js";
import {
  runtimeFrom,
  type SolverFlags,
  solverFrom,
  solverOptions,
  wholeNumber,
  wholeNumbers,
} from "../options.js";
import { printJson, StatusLine, table } from "../terminal.js";
import { openWorldsOf } from "../worlds.js";
import { type WorldFlags, worldBench } from "./setup.js";

const ENVS = [1, 8];

interface EnvsFlags extends WorldFlags, SolverFlags {
  readonly envs?: readonly number[];
  readonly episodes: number;
  readonly seed: number;
  readonly rounds: number;
}

export function envsCommand(): Command {
  const command = worldBench(
    "envs",
    "how much faster episodes are evaluated several at a time, and whether alike",
  )
    .option(
      "--envs <n>",
      `worlds at a time, may be repeated; compared with the first (default: ${ENVS.join(", ")})`,
      wholeNumbers(1),
    )
    .option("--episodes <n>", "episodes played each way", wholeNumber(1), 8)
    .option("--seed <n>", "seed of the first episode", wholeNumber(0), 100_000)
    .option("--rounds <n>", "times that they are played, in turns; the median counts", wholeNumber(1), 1)
    .action(envsBench);
  for (const option of solverOptions) command.addOption(option);
  return command;
}

async function envsBench(flags: EnvsFlags): Promise<void> {
  const bundle = await loadBundle(flags.policy);
  const { envs = ENVS, episodes, seed, rounds } = flags;
  const runtime = runtimeFrom(flags);
  const solver = solverFrom(flags);
  const { name } = bundle.manifest;
  const status = new StatusLine();
  const rows = await benchEnvs(
    (count) => openWorldsOf(bundle.manifest, flags.world, count),
    bundle,
    { envs, solver, runtime, episodes, seed, rounds },
    (what) => status.show(what),
  ).finally(() => status.end());
  const settings = describeSolver(resolveSolver(solver, bundle.calibration !== undefined));
  const conditions = { policy: name, settings, runtime: describeRuntime(runtime), episodes, seed, rounds };
  if (flags.json) return printJson({ ...conditions, rows });
  const heading = [
    "worlds at a time",
    "seconds",
    "episodes/min",
    "speed-up",
    "solve ms p50",
    "sweeps",
    "evals",
  ];
  const differences = ["score differs by", "first chunk by", "episodes that differ"];
  const lines = rows.map((row) => [
    `${row.envs}`,
    row.wall_s.toFixed(1),
    row.episodes_per_minute.toFixed(1),
    row.speed_up.toFixed(2),
    row.solve_ms_p50.toFixed(1),
    row.sweeps_mean.toFixed(2),
    row.evals_mean.toFixed(0),
    row.score_difference_max.toPrecision(2),
    row.first_chunk_difference_max.toPrecision(2),
    `${row.episodes_that_differ}`,
  ]);
  process.stdout.write(
    `${name}: ${episodes} episodes, ${settings}; ${conditions.runtime}\n${table([[...heading, ...differences], ...lines])}\n`,
  );
}

import type { Command } from "commander";
import { benchSeams, type SeamRow } from "../../bench/seams.js";
import { describeRuntime } from "../../inference/runtime.js";
import { loadBundle } from "../../policy/bundle.js";
import { ConfigurationError } from "../../policy/errors.js";
import { runtimeFrom, type SolverFlags, solverFrom, solverOptions, wholeNumber } from "../options.js";
import { printJson, StatusLine, table } from "../terminal.js";
import { openWorldOf } from "../worlds.js";
import { type WorldFlags, worldBench } from "./setup.js";

const PLANS = [
  { blend: "none" },
  { blend: "linear" },
  { blend: "quintic" },
  { blend: "quintic", blend_steps: 6 },
  { overlap: "freeze", ahead: 1, blend: "none" },
  { overlap: "freeze", ahead: 1, blend: "quintic" },
  { overlap: "freeze", ahead: 2, blend: "none" },
  { overlap: "freeze", ahead: 2, blend: "quintic" },
  { overlap: "predict", ahead: 1, blend: "quintic" },
] as const;

interface SeamFlags extends WorldFlags, SolverFlags {
  readonly only?: readonly string[];
  readonly episodes: number;
  readonly seed: number;
}

export function seamsCommand(): Command {
  const command = worldBench(
    "seams",
    "velocity jumps where one chunk follows another, and what blending costs",
  )
    .option("--episodes <n>", "episodes per way of joining", wholeNumber(1), 10)
    .option("--only <plan...>", 'of the rows, for example "none" "freeze 1 quintic"')
    .option("--seed <n>", "seed of the first episode", wholeNumber(0), 100_000)
    .action(bench);
  for (const option of solverOptions) command.addOption(option);
  return command;
}

function label(plan: (typeof PLANS)[number] | SeamRow["plan"]): string {
  return Object.values(plan).join(" ");
}

async function bench(flags: SeamFlags): Promise<void> {
  const bundle = await loadBundle(flags.policy);
  const runtime = runtimeFrom(flags);
  const { episodes, seed, only } = flags;
  const plans = PLANS.filter((plan) => !only || only.includes(label(plan)));
  if (plans.length === 0) {
    throw new ConfigurationError(
      `--only ${only?.join(" ")}: there is no such plan; choose from ${PLANS.map(label).join(", ")}`,
    );
  }
  const status = new StatusLine();
  const rows = await benchSeams(
    await openWorldOf(bundle.manifest, flags.world),
    bundle,
    { solver: solverFrom(flags), runtime, episodes, seed, plans },
    (what) => status.show(what),
  );
  status.end();
  const { name, action } = bundle.manifest;
  const unit = `${action[0].unit}/s`;
  if (flags.json)
    return printJson({ policy: name, runtime: describeRuntime(runtime), episodes, seed, unit, rows });
  const cells = rows.map((row) => [
    label(row.plan),
    row.score_mean.toFixed(3),
    row.sweeps_mean.toFixed(2),
    ...[row.jump, row.worst_in_seam, row.elsewhere].flatMap(({ mean, p95 }) => [
      mean.toFixed(1),
      p95.toFixed(1),
    ]),
  ]);
  const heading = ["plan", "score", "sweeps", "jump", "p95", "worst in seam", "p95", "elsewhere", "p95"];
  process.stdout.write(`${name}: changes of velocity in ${unit}\n${table([heading, ...cells])}\n`);
}

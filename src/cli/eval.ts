import { Command } from "commander";
import type { World } from "../../sim/world.js";
import { playClosedLoop } from "../bench/closed-loop.js";
import { describeRuntime } from "../inference/runtime.js";
import { describeSolver } from "../inference/settings.js";
import { loadBundle } from "../policy/bundle.js";
import { ConfigurationError } from "../policy/errors.js";
import { summarise } from "../telemetry/summary.js";
import { type BudgetFlags, budgetOptions, budgetsFrom } from "./budget-options.js";
import {
  type RuntimeFlags,
  type SolverFlags,
  shippedPolicy,
  solverFrom,
  solverOptions,
  wantedRuntimeFrom,
  wantedRuntimeOptions,
  wholeNumber,
} from "./options.js";
import { type PlanFlags, planFrom, planOptions } from "./plan-options.js";
import { printJson, StatusLine, table } from "./terminal.js";
import { checkTask, isShipped, openWorlds, WORLD_ARGUMENT, WORLDS } from "./worlds.js";

interface EvalFlags extends SolverFlags, RuntimeFlags, PlanFlags, BudgetFlags {
  readonly policy?: string;
  readonly episodes: number;
  readonly seed: number;
  readonly envs: number;
  readonly json?: boolean;
}

export function evalCommand(): Command {
  const command = new Command("eval")
    .description("score a policy in a world, in one process and in lock-step")
    .argument("<world>", WORLD_ARGUMENT)
    .option("--policy <bundle>", "folder of the policy (default: the one that is shipped for the world)")
    .option("--episodes <n>", "episodes to play", wholeNumber(1), 50)
    .option("--seed <n>", "seed of the first episode; the next ones count up", wholeNumber(0), 100_000)
    .option("--envs <n>", "worlds played at a time: their chunks are solved together", wholeNumber(1), 1)
    .option("--json", "print one JSON object on standard output")
    .addHelpText(
      "after",
      "\nThe score of an episode is its largest reward. Example:\n" +
        "  $ parapilot eval pusht --solver sequential --episodes 10\n" +
        "  $ parapilot eval pusht --envs 8 --provider cuda\n" +
        "  $ parapilot eval mine/world.mjs --policy mine/policy\n",
    )
    .action(evaluate);
  for (const option of [...solverOptions, ...wantedRuntimeOptions, ...planOptions, ...budgetOptions])
    command.addOption(option);
  return command;
}

async function evaluate(name: string, flags: EvalFlags): Promise<void> {
  const worlds = await openWorlds(name, Math.min(flags.envs, flags.episodes));
  const [world] = worlds;
  const bundle = await loadBundle(flags.policy ?? policyFor(world));
  checkTask(world, bundle.manifest);
  const loop = {
    solver: solverFrom(flags),
    runtime: wantedRuntimeFrom(flags),
    episodes: flags.episodes,
    seed: flags.seed,
    plan: planFrom(flags),
    budgets: await budgetsFrom(flags),
  };
  const status = new StatusLine();
  const played = playClosedLoop(worlds, bundle, loop, (what) => status.show(what));
  const { records, wallMs, host } = await played.finally(() => status.end());

  const summary = summarise(records);
  const envs = Math.min(flags.envs, flags.episodes);
  const result = {
    task: world.task,
    policy: bundle.manifest.name,
    rule: host.settings.rule.name,
    solver: host.settings.name,
    settings: describeSolver(host.settings),
    ...(host.plan ? { plan: host.plan.explanation } : {}),
    runtime: describeRuntime(host.runtime),
    ...(host.providerNote ? { provider: host.providerNote } : {}),
    episodes: flags.episodes,
    seeds: [flags.seed, flags.seed + flags.episodes - 1],
    envs,
    wall_s: wallMs / 1000,
    episodes_per_minute: flags.episodes / (wallMs / 60_000),
    ...summary,
  };
  if (flags.json) return printJson(result);
  const row = (name: string, { mean: average, p50, p90, max }: typeof summary.sweeps, digits: number) => [
    name,
    ...[average, p50, p90, max].map((value) => value.toFixed(digits)),
  ];
  process.stdout.write(
    `${result.policy} in ${world.task}: mean score ${summary.score_mean.toFixed(3)} over ${flags.episodes} episodes ` +
      `(seeds ${result.seeds.join("–")}), success ${(100 * summary.success_rate).toFixed(0)} %\n` +
      `${result.settings}; ${result.runtime}\n` +
      `${envs === 1 ? "one world" : `${envs} worlds`} at a time: ${result.wall_s.toFixed(1)} s, ` +
      `${result.episodes_per_minute.toFixed(1)} episodes a minute\n` +
      (host.providerNote ? `${host.providerNote}\n` : "") +
      (host.plan ? `auto chose ${host.plan.explanation}\n` : "") +
      `${table([["per chunk", "mean", "p50", "p90", "max"], row("sweeps", summary.sweeps, 1), row("solve ms", summary.solve_ms, 1)])}\n`,
  );
}

function policyFor({ task }: World): string {
  if (isShipped(task)) return shippedPolicy(task);
  throw new ConfigurationError(
    `no policy for the world "${task}" ships, only for ${WORLDS}; give --policy <bundle>`,
  );
}

import { Command } from "commander";
import { playEpisode } from "../../sim/play.js";
import { PolicyClient } from "../../sim/policy-client.js";
import { ControlNode } from "../control/node.js";
import { InferenceHost } from "../inference/host.js";
import { describeRuntime } from "../inference/runtime.js";
import { describeSolver } from "../inference/settings.js";
import { loadBundle } from "../policy/bundle.js";
import type { EpisodeRecord } from "../telemetry/episode-record.js";
import { mean } from "../telemetry/statistics.js";
import { summarise } from "../telemetry/summary.js";
import { memoryTransport } from "../transport/memory.js";
import {
  DEFAULT_POLICY,
  type RuntimeFlags,
  runtimeFrom,
  runtimeOptions,
  type SolverFlags,
  solverFrom,
  solverOptions,
  wholeNumber,
} from "./options.js";
import { printJson, StatusLine, table } from "./terminal.js";
import { openWorld } from "./worlds.js";

interface EvalFlags extends SolverFlags, RuntimeFlags {
  readonly policy: string;
  readonly episodes: number;
  readonly seed: number;
  readonly json?: boolean;
}

export function evalCommand(): Command {
  const command = new Command("eval")
    .description("score a policy in a world, in one process and in lock-step")
    .argument("<task>", "the world: pusht")
    .option("--policy <bundle>", "folder of the policy", DEFAULT_POLICY)
    .option("--episodes <n>", "episodes to play", wholeNumber(1), 50)
    .option("--seed <n>", "seed of the first episode; the next ones count up", wholeNumber(0), 100_000)
    .option("--json", "print one JSON object on standard output")
    .addHelpText(
      "after",
      "\nThe score of an episode is its largest reward. Example:\n" +
        "  $ parapilot eval pusht --solver sequential --episodes 10\n",
    )
    .action(evaluate);
  for (const option of [...solverOptions, ...runtimeOptions]) command.addOption(option);
  return command;
}

async function evaluate(task: string, flags: EvalFlags): Promise<void> {
  const world = openWorld(task);
  const bundle = await loadBundle(flags.policy);
  const host = await InferenceHost.start(bundle, { runtime: runtimeFrom(flags), solver: solverFrom(flags) });
  const { node: transport, connect } = memoryTransport();
  const node = new ControlNode(transport, host);
  node.start();
  const client = new PolicyClient(connect(), "this process", 600_000);
  const status = new StatusLine();
  const records: EpisodeRecord[] = [];
  try {
    const policy = await client.describe();
    for (let k = 0; k < flags.episodes; k++) {
      const seed = flags.seed + k;
      const record = await playEpisode(world, client, {
        seed,
        episode: seed,
        policy,
        pace: "lock-step",
        onStep: ({ step, coverage, tick }) =>
          status.show(
            `episode ${k + 1}/${flags.episodes}  step ${step}  coverage ${coverage.toFixed(2)}` +
              `  sweeps ${tick?.sweeps ?? 0}  solve ${tick?.solveMs.toFixed(0) ?? 0} ms` +
              (records.length ? `  mean score ${mean(records.map((r) => r.score)).toFixed(3)}` : ""),
          ),
      });
      records.push(record);
    }
  } finally {
    status.end();
    await client.close();
    await node.close();
  }

  const summary = summarise(records);
  const result = {
    task,
    policy: bundle.manifest.name,
    rule: host.settings.rule.name,
    solver: host.settings.name,
    settings: describeSolver(host.settings),
    ...(host.plan ? { plan: host.plan.explanation } : {}),
    runtime: describeRuntime(host.runtime),
    episodes: flags.episodes,
    seeds: [flags.seed, flags.seed + flags.episodes - 1],
    ...summary,
  };
  if (flags.json) return printJson(result);
  const row = (name: string, { mean: average, p50, p90, max }: typeof summary.sweeps, digits: number) => [
    name,
    ...[average, p50, p90, max].map((value) => value.toFixed(digits)),
  ];
  process.stdout.write(
    `${result.policy} in ${task}: mean score ${summary.score_mean.toFixed(3)} over ${flags.episodes} episodes ` +
      `(seeds ${result.seeds.join("–")}), success ${(100 * summary.success_rate).toFixed(0)} %\n` +
      `${result.settings}; ${result.runtime}\n` +
      (host.plan ? `auto chose ${host.plan.explanation}\n` : "") +
      `${table([["per chunk", "mean", "p50", "p90", "max"], row("sweeps", summary.sweeps, 1), row("solve ms", summary.solve_ms, 1)])}\n`,
  );
}

import { Command } from "commander";
import { playEpisode } from "../../sim/play.js";
import { PolicyClient } from "../../sim/policy-client.js";
import { ControlNode } from "../control/node.js";
import { InferenceHost } from "../inference/host.js";
import { describeRuntime } from "../inference/runtime.js";
import { describeSolver } from "../inference/settings.js";
import { loadBundle } from "../policy/bundle.js";
import type { EpisodeRecord } from "../telemetry/episode-record.js";
import { mean, quantile } from "../telemetry/statistics.js";
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
  const settings = solverFrom(flags);
  const bundle = await loadBundle(flags.policy);
  const host = await InferenceHost.start(bundle, { runtime: runtimeFrom(flags), solver: settings });
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

  const ticks = records.flatMap((record) => record.ticks);
  const sweeps = ticks.map((tick) => tick.sweeps);
  const solveMs = ticks.map((tick) => tick.solveMs);
  const result = {
    task,
    policy: bundle.manifest.name,
    rule: "ddpm",
    solver: settings.name,
    settings: describeSolver(settings),
    runtime: describeRuntime(host.runtime),
    episodes: flags.episodes,
    seeds: [flags.seed, flags.seed + flags.episodes - 1],
    score_mean: mean(records.map((record) => record.score)),
    scores: records.map((record) => record.score),
    success_rate: mean(records.map((record) => Number(record.success))),
    ticks: ticks.length,
    sweeps: {
      mean: mean(sweeps),
      p50: quantile(sweeps, 0.5),
      p90: quantile(sweeps, 0.9),
      max: Math.max(...sweeps),
    },
    evals: { mean: mean(ticks.map((tick) => tick.evaluations)) },
    solve_ms: { p50: quantile(solveMs, 0.5), p90: quantile(solveMs, 0.9), max: Math.max(...solveMs) },
    accepted_rate: mean(ticks.map((tick) => Number(tick.outcome === "accepted"))),
  };
  if (flags.json) return printJson(result);
  process.stdout.write(
    `${result.policy} in ${task}: mean score ${result.score_mean.toFixed(3)} over ${flags.episodes} episodes ` +
      `(seeds ${result.seeds.join("–")}), success ${(100 * result.success_rate).toFixed(0)} %\n` +
      `${result.settings}; ${result.runtime}\n` +
      `${table([
        ["per chunk", "mean", "p50", "p90", "max"],
        [
          "sweeps",
          result.sweeps.mean.toFixed(2),
          ...[result.sweeps.p50, result.sweeps.p90, result.sweeps.max].map(String),
        ],
        [
          "solve ms",
          mean(solveMs).toFixed(1),
          ...[result.solve_ms.p50, result.solve_ms.p90, result.solve_ms.max].map((ms) => ms.toFixed(1)),
        ],
      ])}\n`,
  );
}

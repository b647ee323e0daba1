import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Command } from "commander";
import { playEpisode } from "../../sim/play.js";
import { PolicyClient, RefusedError } from "../../sim/policy-client.js";
import { ConfigurationError } from "../policy/errors.js";
import type { EpisodeRecord } from "../telemetry/episode-record.js";
import { type Summary, summarise } from "../telemetry/summary.js";
import { DEFAULT_ENDPOINT } from "../transport/endpoint.js";
import type { PolicyMessage } from "../transport/message.js";
import { connectZeromqClient } from "../transport/zeromq.js";
import { wholeNumber } from "./options.js";
import { frame, simulatorReport } from "./simulator-report.js";
import { printJson, StatusLine, table } from "./terminal.js";
import { openWorld } from "./worlds.js";

interface SimFlags {
  readonly endpoint: string;
  readonly episodes: number;
  readonly seed: number;
  readonly patience: number;
  readonly realTime?: boolean;
  readonly report?: string;
  readonly json?: boolean;
}

export function simCommand(): Command {
  return new Command("sim")
    .description("drive a simulated world with a running control node")
    .argument("<task>", "the world: pusht")
    .option("--endpoint <address>", "where the control node listens", DEFAULT_ENDPOINT)
    .option("--episodes <n>", "episodes to play", wholeNumber(1), 3)
    .option("--seed <n>", "seed of the first episode; the next ones count up", wholeNumber(0), 100_000)
    .option("--real-time", "step at the policy's rate whether or not a chunk has come; default: lock-step")
    .option("--patience <s>", "seconds without an answer after which to give up", wholeNumber(1), 30)
    .option("--report <file>", "write an HTML report with the last episode as an animation")
    .option("--json", "print one JSON object on standard output")
    .addHelpText(
      "after",
      "\nExample, with `parapilot run launch/pusht.yaml` in another terminal:\n  $ parapilot sim pusht --real-time --report out/report.html\n",
    )
    .action(simulate);
}

async function simulate(task: string, flags: SimFlags): Promise<void> {
  const world = openWorld(task);
  if (flags.report) await claim(flags.report);
  const client = new PolicyClient(connectZeromqClient(flags.endpoint), flags.endpoint, flags.patience * 1000);
  const status = new StatusLine();
  const pace = flags.realTime ? "real-time" : "lock-step";
  const records: EpisodeRecord[] = [];
  let frames: string[] = [];
  let policy: PolicyMessage;
  try {
    status.show(`waiting for the node at ${flags.endpoint}`);
    policy = await client.describe();
    status.note(`${policy.name}: ${policy.solver}; ${policy.provider}`);
    for (let k = 0; k < flags.episodes; k++) {
      frames = [];
      const seed = flags.seed + k;
      const record = await playEpisode(world, client, {
        seed,
        episode: k + 1,
        policy,
        pace,
        onStep: (event) => {
          const { step, coverage, tick, deadlineMisses } = event;
          frames.push(frame(world.env.state(), event));
          status.show(
            `episode ${k + 1}/${flags.episodes}  step ${step}  coverage ${coverage.toFixed(2)}  sweeps ${tick?.sweeps ?? 0}` +
              `  solve ${tick?.solveMs.toFixed(0) ?? 0} ms  deadline misses ${deadlineMisses}`,
          );
        },
      });
      records.push(record);
      status.note(`episode ${k + 1}: ${describeEpisode(record)}`);
    }
  } finally {
    status.end();
    await client.close();
  }

  if (flags.report) {
    status.note("drawing the report");
    await writeFile(flags.report, await simulatorReport(pace, policy, records, frames));
    status.note(`report: ${flags.report}`);
  }
  const { name, solver, provider } = policy;
  const summary = summarise(records);
  if (flags.json) printJson({ task, policy: name, solver, provider, pace, ...summary, records });
  else process.stdout.write(inWords(summary));
  if (summary.refused === summary.ticks)
    throw new RefusedError("the node refused every observation; see above");
}

function inWords({ sweeps, solve_ms, round_trip_ms, ...rest }: Summary): string {
  const rows = Object.entries({ sweeps, solve_ms, round_trip_ms }).map(
    ([name, { mean: average, p50, p90, max }]) => [
      name.replaceAll("_", " "),
      ...[average, p50, p90, max].map((value) => value.toFixed(1)),
    ],
  );
  return (
    `${table([["per chunk", "mean", "p50", "p90", "max"], ...rows])}\n` +
    `mean score ${rest.score_mean.toFixed(3)}, deadline misses ${rest.deadline_misses}, held steps ${rest.held_steps}, ` +
    `refused ${rest.refused} of ${rest.ticks} requests\n`
  );
}

/** An hour of episodes must not end in a report that cannot be written. */
async function claim(file: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, "");
  } catch (error) {
    throw new ConfigurationError(`cannot write the report ${file}: ${(error as Error).message}`);
  }
}

function describeEpisode(record: EpisodeRecord): string {
  const { sweeps } = summarise([record]);
  return (
    `score ${record.score.toFixed(3)}${record.success ? " (goal reached)" : ""}, ${record.coverage.length} steps, ` +
    `${sweeps.mean.toFixed(1)} sweeps per chunk, ${record.deadlineMisses} deadline misses`
  );
}

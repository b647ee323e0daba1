import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Command } from "commander";
import { playEpisode } from "../../sim/play.js";
import { PolicyClient } from "../../sim/policy-client.js";
import type { WireFaults } from "../faults/faults.js";
import { faultyClient } from "../faults/faulty-client.js";
import { FAULT_EXAMPLES, parseFaults } from "../faults/parse-faults.js";
import { ConfigurationError } from "../policy/errors.js";
import type { EpisodeRecord } from "../telemetry/episode-record.js";
import { type Summary, summarise } from "../telemetry/summary.js";
import { MonotonicClock } from "../time/monotonic-clock.js";
import { DEFAULT_ENDPOINT } from "../transport/endpoint.js";
import type { PolicyMessage } from "../transport/message.js";
import { connectZeromqClient } from "../transport/zeromq.js";
import { wholeNumber } from "./options.js";
import { frame, simulatorReport } from "./simulator-report.js";
import { printJson, StatusLine, table } from "./terminal.js";
import { checkTask, openWorld, WORLD_ARGUMENT } from "./worlds.js";

/** The first lost message costs a lock-step loop so long; well above any solve on a slow machine. */
const REPEAT_MS = 2000;

/** Of each episode; the report has all of them. */
const SHOWN_INCIDENTS = 6;

interface SimFlags {
  readonly endpoint: string;
  readonly episodes: number;
  readonly seed: number;
  readonly patience: number;
  readonly realTime?: boolean;
  readonly report?: string;
  readonly steps?: number;
  readonly quiet?: boolean;
  readonly fault?: string;
  readonly json?: boolean;
}

export function simCommand(): Command {
  return new Command("sim")
    .description("drive a simulated world with a running control node")
    .argument("<world>", WORLD_ARGUMENT)
    .option("--endpoint <address>", "where the control node listens", DEFAULT_ENDPOINT)
    .option("--episodes <n>", "episodes to play", wholeNumber(1), 3)
    .option(
      "--seed <n>",
      "seed of the first episode, the next ones count up; and of the faults",
      wholeNumber(0),
      100_000,
    )
    .option("--real-time", "step at the policy's rate whether or not a chunk has come; default: lock-step")
    .option("--fault <spec>", `inject faults between robot and node: ${FAULT_EXAMPLES}`)
    .option("--patience <s>", "seconds without an answer after which to give up", wholeNumber(1), 30)
    .option("--report <file>", "write an HTML report with the last episode as an animation")
    .option("--steps <n>", "end after so many control steps in all", wholeNumber(1))
    .option("--quiet", "no status line; results are still printed")
    .option("--json", "print one JSON object on standard output")
    .addHelpText(
      "after",
      "\nInterrupted with Ctrl-C, it ends the episode, unfinished, and prints what there is.\n\nExample, with `parapilot run launch/pusht.yaml` in another terminal:\n  $ parapilot sim pusht --real-time --report out/report.html\n",
    )
    .action(simulate);
}

async function simulate(name: string, flags: SimFlags): Promise<void> {
  const world = await openWorld(name);
  const faults = flags.fault === undefined ? undefined : wireFaults(flags.fault, flags.seed);
  if (flags.report) await claim(flags.report);
  const clock = new MonotonicClock();
  const socket = connectZeromqClient(flags.endpoint);
  const faulty = faults && faultyClient(socket, faults, flags.seed, clock);
  const patienceMs = flags.patience * 1000;
  const client = new PolicyClient(faulty ?? socket, flags.endpoint, { patienceMs, repeatMs: REPEAT_MS });
  const status = new StatusLine();
  const pace = flags.realTime ? "real-time" : "lock-step";
  const records: EpisodeRecord[] = [];
  const interrupted = new AbortController();
  let frames: string[] = [];
  let policy: PolicyMessage;
  try {
    status.show(`waiting for the node at ${flags.endpoint}`);
    policy = await client.describe();
    checkTask(world, policy);
    // What was played until then is still told; a second time ends the process at once.
    process.once("SIGINT", () => interrupted.abort());
    if (!flags.quiet) status.note(`${policy.name}: ${policy.solver}; ${policy.provider}`);
    let left = flags.steps ?? Number.POSITIVE_INFINITY;
    for (let k = 0; k < flags.episodes && left > 0 && !interrupted.signal.aborted; k++) {
      frames = [];
      const seed = flags.seed + k;
      const record = await playEpisode(world, client, {
        seed,
        episode: k + 1,
        policy,
        pace: flags.realTime ? clock : "lock-step",
        patienceMs,
        signal: interrupted.signal,
        ...(Number.isFinite(left) ? { maxSteps: left } : {}),
        onStep: (event) => {
          const { step, progress, tick, deadlineMisses } = event;
          if (flags.report) frames.push(...frame(world, event));
          if (flags.quiet) return;
          status.show(
            `episode ${k + 1}/${flags.episodes}  step ${step}  progress ${progress.toFixed(2)}  sweeps ${tick?.sweeps ?? 0}` +
              `  solve ${tick?.solveMs.toFixed(0) ?? 0} ms  deadline misses ${deadlineMisses}`,
          );
        },
      });
      left -= record.progress.length;
      records.push(record);
      if (flags.quiet) continue;
      status.note(`episode ${k + 1}: ${describeEpisode(record)}`);
      for (const { step, what } of record.incidents.slice(0, SHOWN_INCIDENTS))
        status.note(`  step ${step}: ${what}`);
      const more = record.incidents.length - SHOWN_INCIDENTS;
      if (more > 0) status.note(`  and ${more} more; --json and the report have all of them`);
    }
  } finally {
    status.end();
    await client.close();
    await clock.close();
  }

  if (flags.report) {
    status.note("drawing the report");
    await writeFile(flags.report, await simulatorReport(pace, policy, records, frames));
    status.note(`report: ${flags.report}`);
  }
  const { solver, provider, budgets } = policy;
  const summary = summarise(records);
  const faultFigures = faulty?.figures();
  if (flags.json) {
    const injected = faultFigures ? { faults: faultFigures } : {};
    printJson({
      task: world.task,
      policy: policy.name,
      solver,
      provider,
      budgets,
      pace,
      ...summary,
      ...injected,
      records,
    });
  } else {
    process.stdout.write(inWords(summary));
    if (faultFigures) process.stdout.write(`faults injected: ${JSON.stringify(faultFigures)}\n`);
  }
}

function wireFaults(text: string, seed: number): WireFaults | undefined {
  const { wire, worker } = parseFaults(text, seed);
  if (!worker) return wire;
  throw new ConfigurationError(
    `--fault "${text}" asks for faults of the inference worker, which is in the node's process: ` +
      "give them to parapilot run or parapilot profile",
  );
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
    `silent steps ${rest.silent_steps}; ` +
    `actions: ${Object.entries(rest.ladder)
      .map(([rung, count]) => `${rung} ${count}`)
      .join(", ")}\n`
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
    `score ${record.score.toFixed(3)}${record.success ? " (goal reached)" : ""}, ${record.progress.length} steps, ` +
    `${sweeps.mean.toFixed(1)} sweeps per chunk, ${record.deadlineMisses} deadline misses`
  );
}

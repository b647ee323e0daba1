import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Command } from "commander";
import { describeBudgets } from "../control/budgets.js";
import { loadLaunch } from "../control/launch.js";
import { FAULT_EXAMPLES, parseFaults } from "../faults/parse-faults.js";
import { describeRuntime } from "../inference/runtime.js";
import { describeSolver } from "../inference/settings.js";
import { ConfigurationError } from "../policy/errors.js";
import { chromeTrace } from "../profile/chrome-trace.js";
import { PauseWatch } from "../profile/pause-watch.js";
import { Profile } from "../profile/profile.js";
import { renderProfile } from "../profile/profile-report.js";
import type { ProfileResult } from "../profile/profile-result.js";
import { TraceWindow } from "../profile/trace-window.js";
import type { EpisodeRecord } from "../telemetry/episode-record.js";
import type { LoopEvent } from "../telemetry/loop-event.js";
import { mean } from "../telemetry/statistics.js";
import { type BudgetFlags, budgetOptions, withBudgets } from "./budget-options.js";
import { type Child, privateEndpoint, startParapilot } from "./child.js";
import { type LaunchedNode, launchNode } from "./launch-node.js";
import { followNode, type NodeDescription } from "./node-events.js";
import { wholeNumber } from "./options.js";
import { profileText } from "./profile-text.js";
import { printJson, StatusLine } from "./terminal.js";

interface ProfileFlags extends BudgetFlags {
  readonly ticks: number;
  readonly warmup: number;
  readonly realTime?: boolean;
  readonly attach?: string;
  readonly fault?: string;
  readonly seed: number;
  readonly report: string;
  readonly trace?: string;
  readonly json?: boolean;
}

/** Ticks that the trace keeps. */
const TRACED_TICKS = 2000;

export function profileCommand(): Command {
  const command = new Command("profile")
    .description("say where the time of a control loop goes: per stage, per sweep, per missed budget")
    .argument("[launch]", "launch file: runs its policy with the world it was trained for")
    .option("--ticks <n>", "control steps to measure, after warm-up", wholeNumber(1), 1000)
    .option("--warmup <n>", "control steps before that", wholeNumber(0), 20)
    .option("--real-time", "the world goes on at the policy's rate; default: lock-step, as fast as it gets")
    .option(
      "--attach <url>",
      "measure a node that is running with --view instead, e.g. http://127.0.0.1:8080",
    )
    .option("--fault <spec>", `inject faults: ${FAULT_EXAMPLES}`)
    .option("--seed <n>", "seed of the first episode and of the faults", wholeNumber(0), 100_000)
    .option("--report <file>", "the page to write", "out/profile.html")
    .option("--trace <file>", "also write a Chrome trace of the last ticks, for ui.perfetto.dev")
    .option("--json", "print one JSON object on standard output")
    .addHelpText("after", "\nExample:\n  $ parapilot profile launch/pusht.yaml --ticks 1000\n")
    .action(profile);
  for (const option of budgetOptions) command.addOption(option);
  return command;
}

async function profile(file: string | undefined, flags: ProfileFlags): Promise<void> {
  if ((file === undefined) === (flags.attach === undefined)) {
    throw new ConfigurationError(
      "give either a launch file, to run its loop, or --attach with the address of a node's live page",
    );
  }
  if (flags.attach !== undefined) refuseForAttached(flags);
  await mkdir(dirname(flags.report), { recursive: true });
  const trace = new TraceWindow(TRACED_TICKS);
  const [title, taken, result] = file
    ? await profileLaunch(file, flags, trace)
    : await profileRunning(flags.attach as string, flags, trace);
  await writeFile(flags.report, renderProfile(title, result, taken.plots()));
  if (flags.trace) await writeTrace(flags.trace, trace);
  if (flags.json) printJson(result);
  else process.stdout.write(profileText(result));
  const traced = flags.trace ? `, and ${flags.trace} at ui.perfetto.dev` : "";
  process.stderr.write(`open ${flags.report} in a browser${traced}\n`);
}

function refuseForAttached({
  fault,
  realTime,
  budgetSolve,
  budgetObservationAge,
  budgetHold,
}: ProfileFlags): void {
  const flags = {
    "--fault": fault,
    "--real-time": realTime,
    "--budget-solve": budgetSolve,
    "--budget-observation-age": budgetObservationAge,
    "--budget-hold": budgetHold,
  };
  const given = Object.entries(flags).find(([, value]) => value !== undefined);
  if (!given) return;
  throw new ConfigurationError(
    `--attach measures a node as it runs: give ${given[0]} to parapilot run or parapilot sim instead`,
  );
}

type Taken = readonly [title: string, profile: Profile, result: ProfileResult];

async function profileLaunch(file: string, flags: ProfileFlags, trace: TraceWindow): Promise<Taken> {
  const launch = await withBudgets(await loadLaunch(file), flags);
  const { worker } = flags.fault === undefined ? {} : parseFaults(flags.fault, flags.seed);
  const status = new StatusLine();
  status.note(`loading ${launch.policy}`);
  let watch = (_: LoopEvent) => {};
  const node = await launchNode(launch, {
    endpoint: await privateEndpoint(),
    ...(worker ? { faults: worker } : {}),
    watch: (event) => watch(event),
  });
  try {
    const { manifest } = node.bundle;
    const { budgets } = node;
    const taken = new Profile({
      tickMs: budgets.tick,
      warmupTicks: flags.warmup,
      limits: manifest.action,
      maxObservationAgeMs: budgets.maxObservationAge,
    });
    const pauses = new PauseWatch((pause) => taken.paused(pause));
    watch = (event) => {
      // The clock goes on acting for a robot that has played its part; solves that its last ticks wait for still count.
      if (taken.ticks < flags.ticks || event.kind === "solve") taken.watch(event);
      trace.watch(event);
      if (event.kind !== "tick") return;
      status.show(`tick ${taken.ticks}/${flags.ticks}  ${event.rung}`);
    };
    node.start();
    const simulator = startSimulator(manifest.task, node, flags, wirePart(flags.fault));
    const score = scoreOf(simulator);
    const { code, how } = await simulator.ended;
    watch = () => {};
    const eventLoop = pauses.stop();
    status.end();
    if (code !== 0) throw new ConfigurationError(`the simulator ended ${how}; the lines above say why`);
    const result = taken.finish({ score: await score, settings: settingsOf(node, flags), eventLoop });
    return [`Parapilot: where the time of ${manifest.name} goes`, taken, result];
  } finally {
    await node.close();
  }
}

/** Of a specification of faults, what happens between robot and node. */
function wirePart(text: string | undefined): string | undefined {
  const parts = text?.split(",").filter((part) => parseFaults(part).wire);
  return parts && parts.length > 0 ? parts.join(",") : undefined;
}

function startSimulator(
  task: string,
  { address }: LaunchedNode,
  flags: ProfileFlags,
  fault: string | undefined,
): Child {
  // Enough episodes for the ticks, however soon each is won.
  const episodes = Math.ceil((flags.ticks + flags.warmup) / 10);
  return startParapilot(
    [
      "sim",
      task,
      ...["--endpoint", address, "--episodes", String(episodes), "--seed", String(flags.seed)],
      ...["--steps", String(flags.ticks + flags.warmup), "--json", "--quiet"],
      ...(flags.realTime ? ["--real-time"] : []),
      ...(fault ? ["--fault", fault] : []),
    ],
    "pipe",
  );
}

async function profileRunning(address: string, flags: ProfileFlags, trace: TraceWindow): Promise<Taken> {
  const status = new StatusLine();
  let taken: Profile | undefined;
  let described: NodeDescription | undefined;
  status.show(`looking for the node at ${address}`);
  const ended = await followNode(
    address,
    (description) => {
      described = description;
      taken = new Profile({
        tickMs: description.budgets.tickMs,
        warmupTicks: flags.warmup,
        limits: description.action,
        // The node does not tell; its own ladder keeps to it.
        maxObservationAgeMs: null,
      });
    },
    (event) => {
      taken?.watch(event);
      trace.watch(event);
      status.show(`tick ${taken?.ticks ?? 0}/${flags.ticks}`);
      return taken && taken.ticks >= flags.ticks ? "enough" : "more";
    },
  );
  status.end();
  if (!taken || !described || taken.ticks === 0) {
    throw new ConfigurationError(`the node at ${address} went away before a robot had taken a step`);
  }
  if (ended === "gone") status.note(`the node went away after ${taken.ticks} of ${flags.ticks} ticks`);
  const settings = Object.fromEntries(described.settings);
  const result = taken.finish({ score: null, settings, eventLoop: null });
  return [`Parapilot: where the time of ${described.name} goes`, taken, result];
}

async function writeTrace(file: string, trace: TraceWindow): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, chromeTrace(trace));
}

/** The mean score of the episodes that the simulator finished; null when it finished none. */
async function scoreOf({ process: child, ended }: Child): Promise<number | null> {
  let text = "";
  child.stdout?.on("data", (data) => {
    text += data;
  });
  await ended;
  if (text === "") return null;
  const { records } = JSON.parse(text) as { records: readonly EpisodeRecord[] };
  const finished = records.filter((record) => record.finished);
  return finished.length === 0 ? null : mean(finished.map((record) => record.score));
}

function settingsOf({ host, budgets }: LaunchedNode, flags: ProfileFlags): Record<string, string> {
  return {
    solver: describeSolver(host.settings),
    provider: describeRuntime(host.runtime),
    budgets: describeBudgets(budgets),
    pace: flags.realTime ? "real time" : "lock-step",
    ...(flags.fault ? { faults: `${flags.fault}, seed ${flags.seed}` } : {}),
  };
}

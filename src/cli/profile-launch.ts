import { describeBudgets } from "../control/budgets.js";
import { parseFaults } from "../faults/parse-faults.js";
import { describeRuntime } from "../inference/runtime.js";
import { describeSolver } from "../inference/settings.js";
import { loadLaunch } from "../launch/launch.js";
import { ConfigurationError } from "../policy/errors.js";
import { PauseWatch } from "../profile/pause-watch.js";
import { Profile } from "../profile/profile.js";
import type { TraceWindow } from "../profile/trace-window.js";
import type { EpisodeRecord } from "../telemetry/episode-record.js";
import type { LoopEvent } from "../telemetry/loop-event.js";
import { mean } from "../telemetry/statistics.js";
import { withBudgets } from "./budget-options.js";
import { type Child, privateEndpoint, startParapilot } from "./child.js";
import { type LaunchedNode, launchNode } from "./launch-node.js";
import type { Profiled, ProfileFlags } from "./profile-flags.js";
import { StatusLine } from "./terminal.js";

/** Runs the loop of a launch file with the world that its policy was trained for. */
export async function profileLaunch(
  file: string,
  flags: ProfileFlags,
  trace: TraceWindow,
): Promise<Profiled> {
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
    return { title: `Parapilot: where the time of ${manifest.name} goes`, profile: taken, result };
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

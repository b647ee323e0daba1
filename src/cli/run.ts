import { once } from "node:events";
import { Command } from "commander";
import { type Launch, loadLaunch } from "../control/launch.js";
import { ControlNode, type NodeEvent } from "../control/node.js";
import { InferenceHost } from "../inference/host.js";
import { describeRuntime } from "../inference/runtime.js";
import { describeSolver } from "../inference/settings.js";
import { isSolved, type TickResult } from "../inference/tick-solver.js";
import { loadBundle } from "../policy/bundle.js";
import { type Logger, openLog, silentLog } from "../telemetry/log.js";
import { mean, quantile } from "../telemetry/statistics.js";
import { bindZeromqNode } from "../transport/zeromq.js";
import { StatusLine } from "./terminal.js";

/** The status line describes this many of the latest ticks. */
const RECENT_TICKS = 100;

export function runCommand(): Command {
  return new Command("run")
    .description("run a control node from a launch file until interrupted")
    .argument("<launch>", "launch file, for example launch/pusht.yaml")
    .option("--endpoint <address>", "listen here instead of at the launch file's endpoint")
    .addHelpText(
      "after",
      "\nExample:\n  $ parapilot run launch/pusht.yaml      then, in another terminal:\n  $ parapilot sim pusht\n",
    )
    .action(run);
}

async function run(file: string, flags: { readonly endpoint?: string }): Promise<void> {
  const launch = await loadLaunch(file);
  const status = new StatusLine();
  status.note(`loading ${launch.policy}`);
  const bundle = await loadBundle(launch.policy);
  const transport = await bindZeromqNode(flags.endpoint ?? launch.endpoint);
  const host = await InferenceHost.start(bundle, { runtime: launch.runtime, solver: launch.solver });
  const log = launch.log ? openLog(launch.log) : silentLog();
  const node = new ControlNode(transport, host, {
    solveBudgetMs: launch.budgets.solve ?? null,
    watch: watcher(status, log),
  });
  node.start();
  announce(status, launch, host, transport.address);

  const [signal] = await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  status.note(`${signal}: stopping`);
  await node.close();
  log.flush();
}

function announce(status: StatusLine, launch: Launch, host: InferenceHost, address: string): void {
  status.note(`${host.manifest.name} at ${address}`);
  status.note(`  ${describeSolver(host.settings)}; ${describeRuntime(host.runtime)}`);
  const budget = launch.budgets.solve;
  status.note(
    `  first solve ${host.warmupMs.toFixed(0)} ms, solve budget ${budget ? `${budget} ms` : "none"}`,
  );
}

/** Turns the node's events into a status line for a person and lines of a log for later. */
function watcher(status: StatusLine, log: Logger): (event: NodeEvent) => void {
  const recent: TickResult[] = [];
  let refused = 0;
  return (event) => {
    log.info(
      event.tick && isSolved(event.tick) ? { ...event, tick: { ...event.tick, actions: undefined } } : event,
      event.kind,
    );
    if (event.kind === "joined" || event.kind === "left") status.note(`robot ${event.peer} ${event.kind}`);
    if (event.kind === "refused") {
      refused += 1;
      const expected = event.refusal?.reason === "superseded";
      if (!expected) status.note(`refused: ${event.refusal?.message}`);
    }
    if (event.kind !== "solved" || !event.tick) return;
    recent.push(event.tick);
    if (recent.length > RECENT_TICKS) recent.shift();
    status.show(
      `episode ${event.episode}  step ${event.step}  sweeps ${mean(recent.map((tick) => tick.sweeps)).toFixed(1)}` +
        `  solve p50 ${quantile(
          recent.map((tick) => tick.solveMs),
          0.5,
        ).toFixed(0)} ms` +
        `  cut by budget ${recent.filter((tick) => tick.outcome === "budget").length}/${recent.length}  refused ${refused}`,
    );
  };
}

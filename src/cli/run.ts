import { once } from "node:events";
import { Command } from "commander";
import { type Launch, loadLaunch } from "../control/launch.js";
import { ControlNode, type NodeEvent } from "../control/node.js";
import { InferenceHost } from "../inference/host.js";
import { describeRuntime } from "../inference/runtime.js";
import { describeSolver } from "../inference/settings.js";
import { isSolved, type TickResult } from "../inference/tick-solver.js";
import { loadBundle } from "../policy/bundle.js";
import { ConfigurationError } from "../policy/errors.js";
import { type Logger, openLog, silentLog } from "../telemetry/log.js";
import { mean, quantile } from "../telemetry/statistics.js";
import { bindZeromqNode } from "../transport/zeromq.js";
import { StatusLine } from "./terminal.js";

/** The status line describes this many of the latest ticks. */
const RECENT_TICKS = 100;
/** A refusal for the same reason is printed again after this; all of them are counted and logged. */
const REPEAT_NOTICE_MS = 10_000;

export function runCommand(): Command {
  return new Command("run")
    .description("run a control node from a launch file until interrupted")
    .argument("<launch>", "launch file, for example launch/pusht.yaml")
    .option("--endpoint <address>", "listen here instead of at the launch file's endpoint")
    .option("--quiet", "no status line; what happened is still printed")
    .addHelpText(
      "after",
      "\nExample:\n  $ parapilot run launch/pusht.yaml      then, in another terminal:\n  $ parapilot sim pusht\n",
    )
    .action(run);
}

async function run(
  file: string,
  flags: { readonly endpoint?: string; readonly quiet?: boolean },
): Promise<void> {
  const launch = await loadLaunch(file);
  const status = new StatusLine();
  status.note(`loading ${launch.policy}`);
  const bundle = await loadBundle(launch.policy);
  const log = launch.log ? await openLog(launch.log, (text) => status.note(text)) : silentLog();
  const host = await InferenceHost.start(bundle, { runtime: launch.runtime, solver: launch.solver });
  try {
    const transport = await bindZeromqNode(flags.endpoint ?? launch.endpoint, {
      allowRemote: launch.allow_remote,
    });
    const node = new ControlNode(transport, host, {
      solveBudgetMs: launch.budgets.solve ?? null,
      watch: watcher(status, log, flags.quiet ?? false),
    });
    node.start();
    announce(status, launch, host, transport.address);
    if (host.plan) log.info(host.plan, "plan");
    const ending = await Promise.race([
      ...(["SIGINT", "SIGTERM"] as const).map(
        async (signal) => [signal, await once(process, signal)] as const,
      ),
      host.ended.then((reason) => ["worker", reason] as const),
    ]);
    status.note(`${ending[0]}: stopping`);
    await node.close();
    if (ending[0] === "worker") throw new ConfigurationError(`${ending[1]}; start the node again`);
  } finally {
    await host.close();
    log.flush();
  }
}

function announce(status: StatusLine, launch: Launch, host: InferenceHost, address: string): void {
  status.note(`${host.manifest.name} at ${address}`);
  status.note(`  ${describeSolver(host.settings)}; ${describeRuntime(host.runtime)}`);
  if (host.plan) status.note(`  auto chose ${host.plan.explanation}`);
  const budget = launch.budgets.solve;
  status.note(
    `  first solve ${host.warmupMs.toFixed(0)} ms, solve budget ${budget ? `${budget} ms` : "none"}`,
  );
}

/** Turns the node's events into a status line for a person and lines of a log for later. */
function watcher(status: StatusLine, log: Logger, quiet: boolean): (event: NodeEvent) => void {
  const recent: TickResult[] = [];
  const notedAt = new Map<string, number>();
  const notice = (reason: string, text: string) => {
    const now = performance.now();
    if (now - (notedAt.get(reason) ?? Number.NEGATIVE_INFINITY) < REPEAT_NOTICE_MS) return;
    notedAt.set(reason, now);
    status.note(text);
  };
  let refused = 0;
  return (event) => {
    log.info(
      event.tick && isSolved(event.tick) ? { ...event, tick: { ...event.tick, actions: undefined } } : event,
      event.kind,
    );
    if (event.kind === "joined" || event.kind === "left") status.note(`robot ${event.peer} ${event.kind}`);
    if (event.kind === "refused") {
      refused += 1;
      if (event.refusal)
        notice(event.refusal.reason, `refused (${event.refusal.reason}): ${event.refusal.message}`);
    }
    if (event.kind !== "solved" || !event.tick) return;
    recent.push(event.tick);
    if (recent.length > RECENT_TICKS) recent.shift();
    if (quiet) return;
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

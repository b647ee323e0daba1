import { once } from "node:events";
import { Command } from "commander";
import { adviceOn, describeBudgets } from "../control/budgets.js";
import { parseFaults } from "../faults/parse-faults.js";
import { describeRuntime } from "../inference/runtime.js";
import { describeSolver } from "../inference/settings.js";
import type { WorkerFaults } from "../inference/worker-faults.js";
import { loadLaunch } from "../launch/launch.js";
import { ConfigurationError } from "../policy/errors.js";
import { openLog, silentLog } from "../telemetry/log.js";
import { type BudgetFlags, budgetOptions, withBudgets } from "./budget-options.js";
import { type LaunchedNode, launchNode } from "./launch-node.js";
import { logger } from "./loop-log.js";
import { loopStatus } from "./loop-status.js";
import { wholeNumber } from "./options.js";
import { StatusLine } from "./terminal.js";
import { unblockedOutput } from "./unblocked-output.js";
import { startRecording, startView, type Watchers } from "./watchers.js";

interface RunFlags extends BudgetFlags {
  readonly endpoint?: string;
  readonly quiet?: boolean;
  readonly record?: string;
  readonly view?: string | true;
  readonly fault?: string;
  readonly seed: number;
}

export function runCommand(): Command {
  const command = new Command("run")
    .description("run a control node from a launch file until interrupted")
    .argument("<launch>", "launch file, for example launch/pusht.yaml")
    .option("--endpoint <address>", "listen here instead of at the launch file's endpoint")
    .option("--record <file>", "record everything to an MCAP file, for Foxglove and parapilot replay")
    .option("--view [address]", "serve a live page and Prometheus metrics (127.0.0.1:8080)")
    .option("--fault <spec>", "inject worker faults, e.g. worker-stall@5,worker-crash@9,worker-delay=20ms")
    .option("--seed <n>", "seed of the faults", wholeNumber(0), 0)
    .option("--quiet", "no status line; what happened is still printed")
    .addHelpText(
      "after",
      "\nExample:\n  $ parapilot run launch/pusht.yaml --view      then, in another terminal:\n  $ parapilot sim pusht\n",
    )
    .action(run);
  for (const option of budgetOptions) command.addOption(option);
  return command;
}

async function run(file: string, flags: RunFlags): Promise<void> {
  const launch = await withBudgets(await loadLaunch(file), flags);
  const faults = flags.fault === undefined ? undefined : workerFaults(flags.fault, flags.seed);
  const status = new StatusLine(unblockedOutput(2));
  status.note(`loading ${launch.policy}`);
  const log = launch.log ? await openLog(launch.log, (text) => status.note(text)) : silentLog();
  const note = (text: string) => status.note(text);
  const watchers: Watchers = new Set([logger(log), loopStatus(status, flags.quiet ?? false)]);
  const node = await launchNode(launch, {
    ...(flags.endpoint ? { endpoint: flags.endpoint } : {}),
    ...(faults ? { faults } : {}),
    watch: (event) => {
      for (const watch of watchers) watch(event);
    },
  });
  const closings: (() => Promise<void>)[] = [() => node.close()];
  try {
    announce(status, node);
    if (node.host.providerNote) log.info({ note: node.host.providerNote }, "provider");
    if (node.host.plan) log.info(node.host.plan, "plan");
    const { record = launch.record, view = launch.view } = flags;
    if (record) closings.push(await startRecording(record, node, watchers, note));
    if (view) closings.push(await startView(view === true ? undefined : view, launch, node, watchers, note));
    // A recording or page that misses the beginning of a robot cannot make sense of the rest.
    node.start();
    const [signal] = await Promise.race(
      (["SIGINT", "SIGTERM"] as const).map(async (name) => [name, await once(process, name)] as const),
    );
    status.note(`${signal}: stopping`);
  } finally {
    for (const close of closings) await close();
    log.flush();
  }
}

function workerFaults(text: string, seed: number): WorkerFaults | undefined {
  const { wire, worker } = parseFaults(text, seed);
  if (!wire) return worker;
  throw new ConfigurationError(
    `--fault "${text}" asks for faults between robot and node, which begin at the robot: give them to parapilot sim`,
  );
}

function announce(status: StatusLine, { host, address, budgets, plan }: LaunchedNode): void {
  status.note(`${host.manifest.name} at ${address}`);
  status.note(`  ${describeSolver(host.settings)}; ${describeRuntime(host.runtime)}`);
  if (host.providerNote) status.note(`  ${host.providerNote}`);
  if (host.plan) status.note(`  auto chose ${host.plan.explanation}`);
  const advice = adviceOn(budgets, plan);
  if (advice) status.note(`  note: ${advice}`);
  status.note(`  first solve ${host.warmupMs.toFixed(0)} ms; budgets: ${describeBudgets(budgets)}`);
}

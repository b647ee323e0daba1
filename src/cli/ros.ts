import { once } from "node:events";
import { dirname } from "node:path";
import { Command } from "commander";
import { type Launch, readLaunch } from "../launch/launch.js";
import type { LoadedPolicy } from "../ros/node/loaded-policy.js";
import { PolicyNode } from "../ros/node/policy-node.js";
import { changeCheck } from "../ros/parameters/change.js";
import { parameterFile } from "../ros/parameters/parameter-file.js";
import type { Lifecycle } from "../ros/rclnodejs/lifecycle.js";
import { RosSession } from "../ros/rclnodejs/load.js";
import { openLog } from "../telemetry/log.js";
import type { LoopEvent } from "../telemetry/loop-event.js";
import { logger } from "./loop-log.js";
import { startRecording, startView } from "./watchers.js";

const NODE = "parapilot";

interface RosFlags {
  readonly autostart?: boolean;
  readonly printParameters?: boolean;
}

export function rosCommand(): Command {
  return new Command("ros")
    .description("run a policy as a ROS 2 lifecycle node until interrupted")
    .argument("<launch>", "launch file with a section ros, for example launch/pusht.yaml")
    .option("--autostart", "configure and activate at once; otherwise ros2 lifecycle does")
    .option(
      "--print-parameters",
      "print a ROS 2 parameter file with every parameter and what it means, and end",
    )
    .addHelpText(
      "after",
      "\nWhat follows --ros-args goes to ROS: remappings, parameters, parameter files.\n\nExample, in a shell with ROS 2 sourced:\n" +
        "  $ parapilot ros launch/pusht.yaml --autostart --ros-args -p budgets.solve:='90 ms'\n",
    )
    .action(run);
}

async function run(file: string, { autostart, printParameters }: RosFlags): Promise<void> {
  const { document } = await readLaunch(file);
  if (printParameters) {
    process.stdout.write(parameterFile(document, NODE));
    return;
  }
  const session = await RosSession.open(NODE, process.argv.slice(2), true);
  const { graph } = session;
  try {
    const node = new PolicyNode({
      graph,
      document,
      folder: dirname(file),
      checkChange: await changeCheck(),
      attach: (policy, launch, watchers) =>
        attach(policy, launch, watchers, (text) => graph.log("info", text)),
    });
    const lifecycle = session.lifecycle(node);
    session.spin();
    const interrupted = Promise.race(
      (["SIGINT", "SIGTERM"] as const).map(async (name) => [name, await once(process, name)] as const),
    );
    if (autostart) void start(lifecycle);
    const [signal] = await interrupted;
    graph.log("info", `${signal}: shutting down`);
    await lifecycle.shutdown();
    node.close();
  } finally {
    await session.close();
  }
}

async function start(lifecycle: Lifecycle): Promise<void> {
  const { ok } = await lifecycle.change("configure");
  if (ok) await lifecycle.change("activate");
}

/** Logs, records and shows what the policy does, where the launch asks for it. */
async function attach(
  policy: LoadedPolicy,
  launch: Launch,
  watchers: Set<(event: LoopEvent) => void>,
  note: (text: string) => void,
): Promise<() => Promise<void>> {
  const ends: (() => Promise<void>)[] = [];
  const end = async () => {
    for (const each of ends) await each();
  };
  try {
    if (launch.log) {
      const log = await openLog(launch.log, note);
      const watch = logger(log);
      watchers.add(watch);
      ends.push(async () => {
        watchers.delete(watch);
        log.flush();
      });
    }
    if (launch.record) ends.push(await startRecording(launch.record, policy, watchers, note));
    if (launch.view) ends.push(await startView(launch.view, launch, policy, watchers, note));
  } catch (error) {
    // The node lives on without this policy, and is to end when it is told to.
    await end();
    throw error;
  }
  return end;
}

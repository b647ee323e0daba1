import { availableParallelism } from "node:os";
import { Command } from "commander";
import { env } from "onnxruntime-node";
import type { BatchCurve } from "../inference/batch-curve.js";
import { describeGraphs, graphsFor } from "../inference/graphs.js";
import { InferenceHost } from "../inference/host.js";
import { PROVIDERS, type ProviderFinding, tryProvider } from "../inference/providers.js";
import { describeRuntime, type Runtime } from "../inference/runtime.js";
import { describeSolver } from "../inference/settings.js";
import { type Bundle, loadBundle } from "../policy/bundle.js";
import { rosEnvironment } from "../ros/rclnodejs/environment.js";
import { DEFAULT_POLICY, type RuntimeFlags, runtimeFrom, runtimeOptions } from "./options.js";
import { printJson, StatusLine, table } from "./terminal.js";

const BAR_WIDTH = 32;

export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description(
      "what this machine can run a policy on, what a network call costs, and which solver suits it",
    )
    .argument("[bundle]", "folder of the policy", DEFAULT_POLICY)
    .option("--json", "print one JSON object on standard output")
    .addHelpText(
      "after",
      "\nEnds with code 0 when the cpu provider works. Example:\n  $ parapilot doctor --provider webgpu\n",
    )
    .action(doctor);
  for (const option of runtimeOptions) command.addOption(option);
  return command;
}

async function doctor(directory: string, flags: RuntimeFlags & { readonly json?: boolean }): Promise<void> {
  const bundle = await loadBundle(directory);
  const wanted = runtimeFrom(flags);
  const status = new StatusLine();
  const providers: ProviderFinding[] = [];
  for (const name of PROVIDERS) {
    status.show(`trying ${name}`);
    providers.push(await tryProvider(bundle.directory, name));
  }
  const usable = (name: string) => providers.some((found) => found.name === name && found.usable);
  if (!usable("cpu")) process.exitCode = 1;
  const provider = usable(wanted.provider) ? wanted.provider : usable("cpu") ? "cpu" : undefined;
  status.show(`measuring ${provider ?? "nothing"}`);
  const choice = provider && (await choose(bundle, { ...wanted, provider }));
  status.end();

  const node = {
    version: process.version,
    platform: `${process.platform}-${process.arch}`,
    cores: availableParallelism(),
    onnxruntime: env.versions.node ?? env.versions.common,
  };
  const { usable: isRosUsable, reason, distro, rclnodejs } = rosEnvironment();
  const ros2 = {
    usable: isRosUsable,
    reason: reason ?? null,
    distro: distro ?? null,
    rclnodejs: rclnodejs ?? null,
  };
  if (flags.json) {
    const { curve = null, ...chosen } = choice ?? {};
    return printJson({ node, providers, ros2, choice: choice ? chosen : null, batch_curve: curve });
  }
  process.stdout.write(
    `${[
      `node         ${node.version}, ${node.platform}, ${node.cores} ${node.cores === 1 ? "core" : "cores"}`,
      `onnxruntime  ${node.onnxruntime}`,
      ...providers.map(({ name, usable, reason, device }) =>
        usable
          ? `${name.padEnd(11)}  usable${device ? `, ${device}` : ""}`
          : `${name.padEnd(11)}  not usable: ${reason}`,
      ),
      `ros 2        ${isRosUsable ? `usable, ${distro} with rclnodejs ${rclnodejs}` : `not usable: ${reason}`}`,
      "",
      ...(choice
        ? describeChoice(bundle, wanted, choice)
        : ["no solver can be chosen: nothing runs the network"]),
    ].join("\n")}\n`,
  );
}

interface Choice {
  readonly provider: Runtime["provider"];
  readonly runtime: string;
  /** Those of the network that run, each from so many rows on. */
  readonly graphs: readonly { readonly file: string; readonly from_rows: number }[];
  readonly solver: string;
  readonly settings: string;
  readonly expected_ms: number;
  readonly explanation: string;
  readonly curve: BatchCurve;
}

/** What `--solver auto` would come to: measured in the worker, as a control node does. */
async function choose(bundle: Bundle, runtime: Runtime): Promise<Choice> {
  const host = await InferenceHost.start(bundle, { runtime, solver: { name: "auto" } });
  const { plan, settings } = host;
  await host.close();
  if (!plan) throw new Error("a host that was started with auto has no plan");
  return {
    provider: runtime.provider,
    runtime: describeRuntime(runtime),
    graphs: graphsFor(bundle, runtime.provider).map(({ file, fromRows }) => ({ file, from_rows: fromRows })),
    solver: settings.name,
    settings: describeSolver(settings),
    expected_ms: plan.expectedMs,
    explanation: plan.explanation,
    curve: plan.curve,
  };
}

function describeChoice(bundle: Bundle, wanted: Runtime, choice: Choice): string[] {
  const instead = choice.provider === wanted.provider ? "" : `, because ${wanted.provider} is not usable`;
  const dearest = choice.curve[choice.curve.length - 1].ms;
  const rows = choice.curve.map(({ batch, ms }) => [
    `${batch}`,
    ms.toFixed(2),
    (ms / batch).toFixed(2),
    "█".repeat(Math.max(1, Math.round((BAR_WIDTH * ms) / dearest))).padEnd(BAR_WIDTH),
  ]);
  return [
    `one network call of ${bundle.manifest.name} on ${choice.runtime}${instead}: ${describeGraphs(graphsFor(bundle, choice.provider))}`,
    table([["batch", "ms", "ms each", "".padEnd(BAR_WIDTH)], ...rows]).replace(/ +$/gm, ""),
    "",
    `--solver auto would choose ${choice.explanation}`,
  ];
}

import { availableParallelism } from "node:os";
import { Command } from "commander";
import { env } from "onnxruntime-node";
import type { BatchCurve } from "../inference/batch-curve.js";
import { describeGraphs, graphsFor } from "../inference/graphs.js";
import { InferenceHost } from "../inference/host.js";
import { compareProviders } from "../inference/providers/choose-provider.js";
import { describePlacement, type ProviderFinding, tryProvider } from "../inference/providers/try-provider.js";
import {
  describeRuntime,
  PROVIDERS,
  type ProviderName,
  type Runtime,
  type WantedRuntime,
} from "../inference/runtime.js";
import { describeSolver, resolveSolver } from "../inference/settings.js";
import { type Bundle, loadBundle } from "../policy/bundle.js";
import { rosEnvironment } from "../ros/rclnodejs/environment.js";
import { DEFAULT_POLICY, type RuntimeFlags, wantedRuntimeFrom, wantedRuntimeOptions } from "./options.js";
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
  for (const option of wantedRuntimeOptions) command.addOption(option);
  return command;
}

async function doctor(directory: string, flags: RuntimeFlags & { readonly json?: boolean }): Promise<void> {
  const bundle = await loadBundle(directory);
  const wanted = wantedRuntimeFrom(flags);
  const status = new StatusLine();
  const solver = resolveSolver({ name: "auto" }, bundle.calibration !== undefined);
  const providers: ProviderFinding[] = [];
  for (const name of PROVIDERS) {
    status.show(`trying ${name}`);
    providers.push(await tryProvider({ ...wanted, provider: name }, { policy: bundle, measure: { solver } }));
  }
  if (!providers.some(({ name, usable }) => name === "cpu" && usable)) process.exitCode = 1;
  const provider = chosenFrom(providers, wanted.provider);
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
    return printJson({
      node,
      providers: providers.map(providerJson),
      ros2,
      choice: choice ? chosen : null,
      batch_curve: curve,
    });
  }
  process.stdout.write(
    `${[
      `node         ${node.version}, ${node.platform}, ${node.cores} ${node.cores === 1 ? "core" : "cores"}`,
      `onnxruntime  ${node.onnxruntime}`,
      ...providers.map(describeProvider),
      `ros 2        ${isRosUsable ? `usable, ${distro} with rclnodejs ${rclnodejs}` : `not usable: ${reason}`}`,
      "",
      ...(choice
        ? describeChoice(bundle, wanted, choice, providers)
        : ["no solver can be chosen: nothing runs the network"]),
    ].join("\n")}\n`,
  );
}

/** What is asked for where it works, and otherwise the cpu. */
function chosenFrom(
  providers: readonly ProviderFinding[],
  wanted: WantedRuntime["provider"],
): ProviderName | undefined {
  const usable = providers.filter((found) => found.usable);
  if (wanted === "auto" && usable.some(({ costs }) => costs)) return compareProviders(providers).provider;
  return (usable.find(({ name }) => name === wanted) ?? usable.find(({ name }) => name === "cpu"))?.name;
}

function providerJson({ name, usable, reason, device, placement, costs, unmeasured }: ProviderFinding) {
  return {
    name,
    usable,
    reason,
    device: device.name,
    device_note: device.note,
    software: device.software,
    versions: device.versions,
    placement,
    batch_curve: costs?.curve ?? null,
    expected_ms: costs?.expectedMs ?? null,
    unmeasured,
  };
}

function describeProvider({ name, usable, reason, device, placement }: ProviderFinding): string {
  const versions = Object.entries(device.versions).map(([what, version]) => `${what} ${version}`);
  const known = [device.name, ...versions, device.note, placement && describePlacement(placement)];
  const found = usable ? ["usable", ...known.filter(Boolean)].join(", ") : `not usable: ${reason}`;
  return `${name.padEnd(11)}  ${found}`;
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

function describeChoice(
  bundle: Bundle,
  wanted: WantedRuntime,
  choice: Choice,
  providers: readonly ProviderFinding[],
): string[] {
  const instead =
    wanted.provider === "auto" || choice.provider === wanted.provider
      ? ""
      : `, because ${wanted.provider} is not usable`;
  const others = providers.filter(({ name, usable }) => usable && name !== choice.provider);
  return [
    `one network call of ${bundle.manifest.name} on ${choice.runtime}${instead}: ${describeGraphs(graphsFor(bundle, choice.provider))}`,
    describeCurve(choice.curve),
    ...others.flatMap(({ name, costs, unmeasured }) => [
      "",
      costs
        ? `and on ${name}, about ${costs.expectedMs.toFixed(0)} ms a solve:`
        : `not measured on ${name}: ${unmeasured}`,
      ...(costs ? [describeCurve(costs.curve)] : []),
    ]),
    "",
    ...(providers.some(({ costs }) => costs)
      ? [`--provider auto would choose ${compareProviders(providers.filter(({ usable }) => usable)).note}`]
      : []),
    `--solver auto would choose ${choice.explanation}`,
  ];
}

function describeCurve(curve: BatchCurve): string {
  const dearest = curve[curve.length - 1].ms;
  const rows = curve.map(({ batch, ms }) => [
    `${batch}`,
    ms.toFixed(2),
    (ms / batch).toFixed(2),
    "█".repeat(Math.max(1, Math.round((BAR_WIDTH * ms) / dearest))).padEnd(BAR_WIDTH),
  ]);
  return table([["batch", "ms", "ms each", "".padEnd(BAR_WIDTH)], ...rows]).replace(/ +$/gm, "");
}

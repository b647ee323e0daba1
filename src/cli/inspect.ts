import { Command } from "commander";
import { InferenceHost } from "../inference/host.js";
import { describeRuntime, type Runtime } from "../inference/runtime.js";
import type { SolverOptions } from "../inference/settings.js";
import { isSolved, type SolvedTick } from "../inference/tick.js";
import { type Bundle, loadBundle } from "../policy/bundle.js";
import { ConfigurationError } from "../policy/errors.js";
import { middleObservation } from "../policy/manifest.js";
import { type RuntimeFlags, runtimeFrom, runtimeOptions } from "./options.js";
import { printJson } from "./terminal.js";

export function inspectCommand(): Command {
  const command = new Command("inspect")
    .description("show a policy bundle and check that its network runs and answers soundly")
    .argument("<bundle>", "folder with policy.yaml and the network")
    .option("--json", "print one JSON object on standard output")
    .action(inspect);
  for (const option of runtimeOptions) command.addOption(option);
  return command;
}

async function inspect(directory: string, flags: RuntimeFlags & { readonly json?: boolean }): Promise<void> {
  const bundle = await loadBundle(directory);
  const runtime = runtimeFrom(flags);
  const oneByOne = await solveOnce(bundle, runtime, { name: "sequential" });
  const inBatches = await solveOnce(bundle, runtime, { name: "semilinear", tolerance: 1e-3 });
  const difference = Math.max(
    ...oneByOne.actions.map((action, k) => Math.abs(action - inBatches.actions[k])),
  );
  const { manifest } = bundle;
  const range = Math.max(...manifest.action.map(({ min, max }) => max - min));
  if (!(difference <= 0.01 * range)) {
    throw new ConfigurationError(
      `the network answers a batch otherwise than its samples one by one: actions differ by ${difference.toPrecision(2)}; export it again with a free batch size`,
    );
  }

  const check = {
    runtime: describeRuntime(runtime),
    first_action: Array.from(oneByOne.actions.subarray(0, manifest.action.length)),
    clipped: oneByOne.clipped,
    sequential_ms: oneByOne.timings.solve,
    parallel_sweeps: inBatches.sweeps,
    largest_difference: difference,
  };
  if (flags.json)
    return printJson({ directory: bundle.directory, bytes: bundle.network.length, manifest, check });
  process.stdout.write(describe(bundle, check));
}

async function solveOnce(bundle: Bundle, runtime: Runtime, solver: SolverOptions): Promise<SolvedTick> {
  const host = await InferenceHost.start(bundle, { runtime, solver });
  const observation = middleObservation(bundle.manifest);
  const tick = await host.solve({ session: "inspect", episode: 0, tick: 0, executed: null, observation })
    .done;
  await host.close();
  if (isSolved(tick)) return tick;
  throw new ConfigurationError(`the network does not give a sound chunk: ${tick.message}`);
}

interface Check {
  readonly runtime: string;
  readonly first_action: readonly number[];
  readonly clipped: number;
  readonly sequential_ms: number;
  readonly parallel_sweeps: number;
  readonly largest_difference: number;
}

function describeCalibration({ calibration }: Bundle): string {
  if (!calibration) return "none of this network; parapilot calibrate makes chunks cheaper to solve";
  return `response at ${calibration.states} states, guess from ${calibration.ticks} ticks`;
}

function describe(bundle: Bundle, check: Check): string {
  const { manifest, directory, network } = bundle;
  const past = manifest.n_obs_steps - 1;
  const facts = (record: Readonly<Record<string, string | number>>) =>
    Object.entries(record).map(([key, value]) => `    ${key}: ${value}`);
  return [
    `${manifest.name}: ${manifest.description ?? `a policy for ${manifest.task}`}`,
    `  bundle       ${directory}`,
    `  rate         ${manifest.rate_hz} Hz; sees ${manifest.n_obs_steps} observations, predicts ${manifest.horizon} steps, executes ${past + 1}–${past + manifest.n_action_steps} of them`,
    ...manifest.observation.map((key) => `  observation  ${key.name} [${key.shape.join(" × ")}] ${key.unit}`),
    ...manifest.action.map(
      (action) => `  action       ${action.name} ${action.min} … ${action.max} ${action.unit}`,
    ),
    `  diffusion    ${manifest.diffusion.levels} levels, ${manifest.diffusion.schedule}, predicts ${manifest.diffusion.prediction}, clip ±${manifest.diffusion.clip}`,
    `  network      ${manifest.denoiser.file}, ${(network.length / 1e6).toFixed(1)} MB, checksum as stated`,
    `  calibration  ${describeCalibration(bundle)}`,
    "  training",
    ...facts(manifest.training),
    "  score",
    ...facts(manifest.score),
    `  check        ${check.runtime}: one chunk of ${manifest.diffusion.levels} calls in ${check.sequential_ms.toFixed(0)} ms; in ${check.parallel_sweeps} sweeps the same within ${check.largest_difference.toPrecision(1)}`,
    `               first action [${check.first_action.map((a) => a.toFixed(1)).join(", ")}], ${check.clipped} entries clipped to the limits`,
    "",
  ].join("\n");
}

import { Command } from "commander";
import { describeGraphs, graphsFor, optimizedFor } from "../inference/graphs.js";
import { InferenceHost } from "../inference/host.js";
import { describeRuntime, type Runtime } from "../inference/runtime.js";
import type { SolverOptions } from "../inference/settings.js";
import { isSolved, type SolvedTick } from "../inference/tick.js";
import { type Bundle, loadBundle, type OptimizedGraph } from "../policy/bundle.js";
import { ConfigurationError } from "../policy/errors.js";
import { type Manifest, middleObservation } from "../policy/manifest.js";
import { toleranceOf } from "../sampling/solvers/semilinear.js";
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
  const { tick: oneByOne, note } = await solveOnce(bundle, runtime, { name: "sequential" });
  const { tick: inBatches } = await solveOnce(bundle, runtime, { name: "semilinear", tolerance: 1e-3 });
  if (optimizedFor(bundle, runtime.provider).length > 0) {
    await checkOptimized(bundle, runtime, [oneByOne, inBatches]);
  }
  const { manifest } = bundle;
  const difference = largestDifference(oneByOne, inBatches);
  if (!(difference <= allowed(manifest))) {
    throw new ConfigurationError(
      `the network answers a batch otherwise than its samples one by one: actions differ by ${difference.toPrecision(2)}; export it again with a free batch size`,
    );
  }

  const check = {
    runtime: [describeRuntime(runtime), ...(note ? [note] : [])].join("; "),
    graphs: describeGraphs(graphsFor(bundle, runtime.provider)) + whyOriginal(bundle, runtime),
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

function whyOriginal(bundle: Bundle, { provider }: Runtime): string {
  const isAlone = bundle.optimized.length > 0 && optimizedFor(bundle, provider).length === 0;
  return isAlone ? ` (no optimised graph is for ${provider}: parapilot optimize makes one)` : "";
}

/** @throws ConfigurationError when the optimised graphs give another chunk than the network that they stand for. */
async function checkOptimized(
  bundle: Bundle,
  runtime: Runtime,
  solved: readonly SolvedTick[],
): Promise<void> {
  const { tick: original } = await solveOnce({ ...bundle, optimized: [] }, runtime, { name: "sequential" });
  const difference = Math.max(...solved.map((tick) => largestDifference(original, tick)));
  if (difference <= allowed(bundle.manifest)) return;
  throw new ConfigurationError(
    `the optimised graphs answer otherwise than ${bundle.manifest.denoiser.file}: actions differ by ${difference.toPrecision(2)}; ` +
      "make them anew with parapilot optimize, or take denoiser.optimized out of policy.yaml",
  );
}

function largestDifference(a: SolvedTick, b: SolvedTick): number {
  return Math.max(...a.actions.map((action, k) => Math.abs(action - b.actions[k])));
}

/** Between chunks that are the same but for the solver's tolerance. */
function allowed({ action }: Manifest): number {
  return 0.01 * Math.max(...action.map(({ min, max }) => max - min));
}

/** A chunk, and what is to be said of the provider that it was solved on. */
async function solveOnce(
  bundle: Bundle,
  runtime: Runtime,
  solver: SolverOptions,
): Promise<{ readonly tick: SolvedTick; readonly note: string | undefined }> {
  const host = await InferenceHost.start(bundle, { runtime, solver });
  const observation = middleObservation(bundle.manifest);
  const tick = await host.solve({ session: "inspect", episode: 0, tick: 0, executed: null, observation })
    .done;
  await host.close();
  if (isSolved(tick)) return { tick, note: host.providerNote };
  throw new ConfigurationError(`the network does not give a sound chunk: ${tick.message}`);
}

interface Check {
  readonly runtime: string;
  /** Those that ran. */
  readonly graphs: string;
  readonly first_action: readonly number[];
  readonly clipped: number;
  readonly sequential_ms: number;
  readonly parallel_sweeps: number;
  readonly largest_difference: number;
}

function describeCalibration({ calibration }: Bundle): string {
  if (!calibration) return "none of this network; parapilot calibrate makes chunks cheaper to solve";
  const { states, ticks, response } = calibration;
  return `response at ${states} states, guess from ${ticks} ticks, tolerance ${toleranceOf(response)}`;
}

function describeGraph({ file, fromRows, bytes, precision, ...graph }: OptimizedGraph): string {
  const half = precision === "float16" ? ", products in float16" : "";
  return `${file} for the ${graph.for} from ${fromRows} ${fromRows === 1 ? "row" : "rows"} on${half}, ${sizeOf(bytes)}, checksum as stated`;
}

function sizeOf(bytes: Uint8Array): string {
  return `${(bytes.length / 1e6).toFixed(1)} MB`;
}

function describe(bundle: Bundle, check: Check): string {
  const { manifest, directory, network, optimized } = bundle;
  const past = manifest.n_obs_steps - 1;
  const once = optimized[0]?.observation;
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
    `  network      ${manifest.denoiser.file}, ${sizeOf(network)}, checksum as stated`,
    ...optimized.map((graph) => `  optimised    ${describeGraph(graph)}`),
    ...(once ? [`  once a tick  ${once.file}, ${sizeOf(once.bytes)}, checksum as stated`] : []),
    `  calibration  ${describeCalibration(bundle)}`,
    "  training",
    ...facts(manifest.training),
    "  score",
    ...facts(manifest.score),
    `  check        ${check.runtime}, ${check.graphs}: one chunk of ${manifest.diffusion.levels} calls in ${check.sequential_ms.toFixed(0)} ms; in ${check.parallel_sweeps} sweeps the same within ${check.largest_difference.toPrecision(1)}`,
    `               first action [${check.first_action.map((a) => a.toFixed(1)).join(", ")}], ${check.clipped} entries clipped to the limits`,
    "",
  ].join("\n");
}

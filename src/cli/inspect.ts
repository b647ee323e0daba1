import { Command } from "commander";
import { InferenceHost } from "../inference/host.js";
import { describeRuntime } from "../inference/runtime.js";
import { isSolved } from "../inference/tick-solver.js";
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
  const host = await InferenceHost.start(bundle, {
    runtime: runtimeFrom(flags),
    solver: { name: "sequential" },
  });
  const { manifest } = bundle;
  const tick = await host.solve({
    session: "inspect",
    episode: 0,
    tick: 0,
    executed: null,
    observation: middleObservation(manifest),
    budgetMs: null,
  });
  await host.close();
  if (!isSolved(tick))
    throw new ConfigurationError(`the network does not give a sound chunk: ${tick.message}`);

  const check = {
    runtime: describeRuntime(host.runtime),
    evaluations: tick.evaluations,
    first_action: Array.from(tick.actions.subarray(0, manifest.action.length)),
    clipped: tick.clipped,
    solve_ms: tick.solveMs,
  };
  if (flags.json)
    return printJson({ directory: bundle.directory, bytes: bundle.network.length, manifest, check });
  process.stdout.write(describe(bundle, check));
}

function describe(
  { manifest, directory, network }: Bundle,
  check: { runtime: string; evaluations: number; first_action: number[]; clipped: number; solve_ms: number },
): string {
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
    "  training",
    ...facts(manifest.training),
    "  score",
    ...facts(manifest.score),
    `  check        one chunk of ${check.evaluations} evaluations on ${check.runtime}: ${check.solve_ms.toFixed(0)} ms, first action [${check.first_action.map((a) => a.toFixed(1)).join(", ")}], ${check.clipped} entries clipped to the limits`,
    "",
  ].join("\n");
}

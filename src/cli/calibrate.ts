import { join } from "node:path";
import { Command } from "commander";
import { policyTicks } from "../bench/policy-ticks.js";
import type { CalibrationTick } from "../calibration/calibrate.js";
import { demonstratedTicks } from "../calibration/demonstrated-ticks.js";
import type { MeasuredTolerance } from "../calibration/tolerance.js";
import { openNetwork, type PolicyNetwork } from "../inference/policy-network.js";
import { describeRuntime } from "../inference/runtime.js";
import { type Bundle, calibratedShape, loadBundle } from "../policy/bundle.js";
import { CALIBRATION_FILE, saveCalibration } from "../policy/calibration.js";
import { DEMONSTRATIONS_FILE, readDemonstrations } from "../policy/demonstrations.js";
import { ConfigurationError } from "../policy/errors.js";
import { executedValues } from "../policy/manifest.js";
import { cleanFromNoise } from "../sampling/denoiser.js";
import { ddpm } from "../sampling/rules/ddpm.js";
import { squaredCosine } from "../sampling/schedule.js";
import { type RuntimeFlags, runtimeFrom, runtimeOptions, wholeNumber, worldOption } from "./options.js";
import { printJson, StatusLine } from "./terminal.js";
import { isShipped, openWorldOf, WORLDS } from "./worlds.js";

/** From the seed of the first episode that is learnt from to that of the first one that the tolerance is measured in. */
const UNSEEN = 50_000;
/** Ticks that the tolerance is measured at: three of some 310 solves, cold and warm, may be astray. */
const CHECKS = 160;

interface CalibrateFlags extends RuntimeFlags {
  readonly ticks: number;
  readonly states: number;
  readonly seed: number;
  readonly demonstrations?: string;
  readonly world?: string;
  readonly out?: string;
  readonly json?: boolean;
}

export function calibrateCommand(): Command {
  const command = new Command("calibrate")
    .description(
      "learn how a policy's network responds to its states, so that chunks are solved in fewer sweeps",
    )
    .argument("<bundle>", "folder with policy.yaml and the network")
    .option("--ticks <n>", "ticks of the policy's own loop to learn from", wholeNumber(1), 1600)
    .option("--states <n>", "how many of them to measure the response at", wholeNumber(1), 48)
    .option(
      "--seed <n>",
      "seed of the first episode; keep clear of the seeds you score on",
      wholeNumber(0),
      0,
    )
    .option(
      "--demonstrations <folder>",
      `learn from what is seen in ${DEMONSTRATIONS_FILE} there, instead of driving the policy's world`,
    )
    .addOption(worldOption().conflicts("demonstrations"))
    .option("--out <file>", `where to write (default: ${CALIBRATION_FILE} in the bundle)`)
    .option("--json", "print one JSON object on standard output")
    .addHelpText(
      "after",
      "\nThe policy drives its own world while it is watched; nothing is trained, and samples stay what they are.\n" +
        "Takes about a quarter of an hour on two cores. Examples:\n  $ parapilot calibrate policies/pusht\n" +
        "  $ parapilot calibrate mine/policy --world mine/world.mjs         for a world of your own\n" +
        "  $ parapilot calibrate mine/policy --demonstrations mine/data     for one that is not in JavaScript\n",
    )
    .action(run);
  for (const option of runtimeOptions) command.addOption(option);
  return command;
}

async function run(directory: string, flags: CalibrateFlags): Promise<void> {
  // Its linear algebra takes longer to load than the rest of the command line, help included.
  const { calibrate } = await import("../calibration/calibrate.js");
  const { measureTolerance } = await import("../calibration/tolerance.js");
  const bundle = await loadBundle(directory);
  const { manifest } = bundle;
  const { ticks, states, seed, demonstrations, world } = flags;
  if (!demonstrations && !world && !isShipped(manifest.task)) {
    throw new ConfigurationError(
      `there is no world "${manifest.task}" to drive, only ${WORLDS}; give yours, --world <file>, or demonstrations of it, ` +
        "--demonstrations <folder>",
    );
  }
  const episodes = demonstrations && (await readDemonstrations(demonstrations, manifest));
  const runtime = runtimeFrom(flags);
  const network = await openNetwork(bundle, runtime);
  const status = new StatusLine();
  let measured: MeasuredTolerance;
  const file = flags.out ?? join(bundle.directory, CALIBRATION_FILE);
  try {
    const schedule = squaredCosine(manifest.diffusion.levels);
    const denoiser = cleanFromNoise(network, schedule, manifest.diffusion.clip);
    const rule = ddpm(schedule);
    const observing = { ...denoiser, observe: (seen: Float64Array) => network.observe(seen) };
    const driven = (first: number) => ticksOf(bundle, network, world, first);
    const progress = (what: string) => status.show(what);
    const source = episodes ? demonstratedTicks(episodes, observing, rule, manifest, seed) : driven(seed);
    const learnt = await calibrate(denoiser, rule, source, { ticks, states }, progress);
    const checks = {
      // Demonstrations begin with the same ones whatever the seed: on from where it has learnt to.
      source: episodes ? source : driven(seed + UNSEEN),
      ticks: Math.min(ticks, CHECKS),
      executed: executedValues(manifest),
    };
    measured = await measureTolerance(denoiser, rule, learnt, checks, progress);
    const response = { ...learnt.response, tolerance: measured.tolerance };
    const watched = demonstrations ? " --demonstrations …" : world ? " --world …" : "";
    const command = `parapilot calibrate ${manifest.name}${watched} --ticks ${ticks} --states ${states} --seed ${seed}`;
    const { sha256 } = manifest.denoiser;
    const shape = calibratedShape(manifest);
    await saveCalibration(file, { ...learnt, response, shape, denoiser: sha256, command, ticks, states });
  } finally {
    status.end();
    await network.close();
  }
  const { tolerance, error_p99 } = measured;
  if (flags.json) return printJson({ policy: manifest.name, file, ticks, states, seed, ...measured });
  process.stdout.write(
    `${manifest.name}: response at ${states} states and guess from ${ticks} ticks, ${describeRuntime(runtime)}\n` +
      `tolerance ${tolerance}: 99 of 100 solves end within ${error_p99.toFixed(3)} of the sequential sample\n` +
      `written to ${file}; ${
        world || isShipped(manifest.task)
          ? `parapilot bench samplers --policy ${directory}${world ? ` --world ${world}` : ""} shows what it is worth`
          : "the log of parapilot run says how many sweeps a chunk now takes"
      }\n`,
  );
}

async function* ticksOf(
  { manifest }: Bundle,
  network: PolicyNetwork,
  file: string | undefined,
  seed: number,
): AsyncGenerator<CalibrationTick, void, void> {
  const world = await openWorldOf(manifest, file);
  const ticks = policyTicks(world, network, manifest, manifest.n_action_steps, seed);
  for await (const { observation, cold, warm, solved } of ticks) {
    const start = warm.start ? { start: warm.start } : {};
    yield { observation, noise: cold.noise, clean: solved.clean, ...start };
  }
}

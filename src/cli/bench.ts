import { Command } from "commander";
import { benchRuntime } from "../bench/runtime.js";
import { benchSamplers, HINDSIGHT_TOLERANCE } from "../bench/samplers.js";
import { OnnxNetwork } from "../inference/onnx.js";
import { describeRuntime } from "../inference/runtime.js";
import { loadBundle } from "../policy/bundle.js";
import {
  DEFAULT_POLICY,
  type RuntimeFlags,
  runtimeFrom,
  runtimeOptions,
  wholeNumber,
  wholeNumbers,
} from "./options.js";
import { printJson, StatusLine, table } from "./terminal.js";
import { openWorld } from "./worlds.js";

interface BenchFlags extends RuntimeFlags {
  readonly policy: string;
  readonly json?: boolean;
}

export function benchCommand(): Command {
  const command = new Command("bench").description("measure solvers, the network's runtime, and simulators");
  const samplers = new Command("samplers")
    .description(
      "sweeps, evaluations and errors of every solver, cold and warm, on states the policy reaches",
    )
    .option("--policy <bundle>", "folder of the policy", DEFAULT_POLICY)
    .option("--states <n>", "states per stride", wholeNumber(1), 48)
    .option("--stride <n...>", "executed steps between ticks (default: 8 1)", wholeNumbers(1))
    .option("--seed <n>", "seed of the first episode", wholeNumber(0), 100_000)
    .option("--json", "print one JSON object on standard output")
    .action(samplersBench);
  for (const option of runtimeOptions) samplers.addOption(option);
  command.addCommand(samplers);
  command
    .command("runtime")
    .description("time of one network call by threads, spinning and batch size: where the defaults come from")
    .option("--policy <bundle>", "folder of the policy", DEFAULT_POLICY)
    .option("--json", "print one JSON object on standard output")
    .action(runtimeBench);
  command
    .command("sim")
    .description("environment steps per second of a world")
    .argument("<task>", "the world: pusht")
    .option("--steps <n>", "steps to time", wholeNumber(1), 100_000)
    .option("--json", "print one JSON object on standard output")
    .action(simBench);
  return command;
}

async function samplersBench(
  flags: BenchFlags & { readonly states: number; readonly stride?: readonly number[]; readonly seed: number },
): Promise<void> {
  const bundle = await loadBundle(flags.policy);
  const runtime = runtimeFrom(flags);
  const network = await OnnxNetwork.load(bundle.network, bundle.manifest, runtime);
  const status = new StatusLine();
  const { states, seed, stride: strides = [8, 1] } = flags;
  const world = openWorld(bundle.manifest.task);
  const rows = await benchSamplers(world, network, bundle.manifest, { states, strides, seed }, (done, all) =>
    status.show(`state ${done}/${all}`),
  );
  status.end();
  await network.close();
  const policy = bundle.manifest.name;
  if (flags.json) {
    return printJson({
      policy,
      runtime: describeRuntime(runtime),
      states,
      tolerance: HINDSIGHT_TOLERANCE,
      rows,
    });
  }
  const heading = [
    "solver",
    "start",
    "stride",
    `sweeps to ${HINDSIGHT_TOLERANCE}`,
    "p90",
    "accepted",
    "p90",
    "evaluations",
    "error p50",
    "p99",
    "ms",
  ];
  const cells = rows.map((row) => [
    row.solver,
    row.start,
    String(row.stride),
    row.sweeps_to_tolerance.mean.toFixed(2),
    String(row.sweeps_to_tolerance.p90),
    row.sweeps_accepted.mean.toFixed(2),
    String(row.sweeps_accepted.p90),
    row.evals_mean.toFixed(0),
    row.error_p50.toFixed(4),
    row.error_p99.toFixed(4),
    row.ms_p50.toFixed(1),
  ]);
  process.stdout.write(
    `${policy}, ${states} states per stride, ${describeRuntime(runtime)}\n${table([heading, ...cells])}\n`,
  );
}

async function runtimeBench(flags: BenchFlags): Promise<void> {
  const bundle = await loadBundle(flags.policy);
  const status = new StatusLine();
  const rows = await benchRuntime(bundle, "cpu", (what) => status.show(what));
  status.end();
  if (flags.json) return printJson({ policy: bundle.manifest.name, provider: "cpu", rows });
  const cells = rows.map((row) => [
    `${row.threads}`,
    row.spin ? "yes" : "no",
    `${row.batch}`,
    row.ms_p50.toFixed(2),
  ]);
  process.stdout.write(`${table([["threads", "spinning", "batch", "ms"], ...cells])}\n`);
}

async function simBench(
  task: string,
  flags: { readonly steps: number; readonly json?: boolean },
): Promise<void> {
  const { env } = openWorld(task);
  const passes: number[] = [];
  // The first pass lets the compiler finish; it is not counted.
  for (let pass = 0; pass < 4; pass++) {
    const began = performance.now();
    for (let step = 0; step < flags.steps; step++) {
      if (step % env.maxSteps === 0) env.reset({ seed: step / env.maxSteps });
      const [, , blockX, blockY] = env.state();
      // Circling targets about the block keep the agent in contact with it.
      env.step([blockX + 40 * Math.cos(step / 7), blockY + 40 * Math.sin(step / 11)]);
    }
    if (pass > 0) passes.push(flags.steps / ((performance.now() - began) / 1000));
  }
  const result = {
    task,
    steps: flags.steps,
    steps_per_second: { min: Math.min(...passes), max: Math.max(...passes) },
  };
  if (flags.json) return printJson(result);
  const { min, max } = result.steps_per_second;
  process.stdout.write(`${task}: ${min.toFixed(0)} to ${max.toFixed(0)} environment steps per second\n`);
}

import { Command } from "commander";
import { wholeNumber } from "../options.js";
import { printJson } from "../terminal.js";
import { openWorld, WORLDS } from "../worlds.js";

export function simCommand(): Command {
  return new Command("sim")
    .description("environment steps per second of a world")
    .argument("<task>", `the world: ${WORLDS}`)
    .option("--steps <n>", "steps to time", wholeNumber(1), 100_000)
    .option("--json", "print one JSON object on standard output")
    .action(simBench);
}

async function simBench(
  task: string,
  flags: { readonly steps: number; readonly json?: boolean },
): Promise<void> {
  const world = await openWorld(task);
  const { env } = world;
  const passes: number[] = [];
  // The first pass lets the compiler finish; it is not counted.
  for (let pass = 0; pass < 4; pass++) {
    const began = performance.now();
    let { observation } = env.reset({ seed: 0 });
    for (let step = 0; step < flags.steps; step++) {
      if (step % env.maxSteps === 0) ({ observation } = env.reset({ seed: step / env.maxSteps }));
      ({ observation } = env.step(world.exercise(observation, step)));
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

import { Command } from "commander";
import type { World } from "../../../sim/world.js";
import { wholeNumber } from "../options.js";
import { printJson } from "../terminal.js";
import { openWorld, WORLD_ARGUMENT } from "../worlds.js";

/** Of a pass whose steps nobody counts: worlds differ by a factor of a hundred. */
const PASS_MS = 2000;
const PASSES = 3;

export function simCommand(): Command {
  return new Command("sim")
    .description("environment steps per second of a world")
    .argument("<world>", WORLD_ARGUMENT)
    .option(
      "--steps <n>",
      "steps to time, three times (default: as many as take two seconds)",
      wholeNumber(1),
    )
    .option("--json", "print one JSON object on standard output")
    .action(simBench);
}

async function simBench(
  name: string,
  flags: { readonly steps?: number; readonly json?: boolean },
): Promise<void> {
  const world = await openWorld(name);
  // Lets the compiler finish, and is not counted.
  const { steps } = play(world, flags.steps);
  const passes = Array.from({ length: PASSES }, () => steps / (play(world, steps).ms / 1000));
  const { task } = world;
  const result = {
    task,
    steps,
    steps_per_second: { min: Math.min(...passes), max: Math.max(...passes) },
  };
  if (flags.json) return printJson(result);
  const { min, max } = result.steps_per_second;
  process.stdout.write(`${task}: ${min.toFixed(0)} to ${max.toFixed(0)} environment steps per second\n`);
}

/** Plays a world for so many steps, or for a while. */
function play(world: World, most: number | undefined): { readonly steps: number; readonly ms: number } {
  const began = performance.now();
  const ms = () => performance.now() - began;
  let { observation } = world.env.reset({ seed: 0 });
  let steps = 0;
  while (most === undefined ? ms() < PASS_MS : steps < most) {
    const action = world.exercise?.(observation, steps) ?? world.hold(observation);
    const result = world.env.step(action);
    steps += 1;
    const isOver = result.terminated || result.truncated;
    observation = isOver ? world.env.reset({ seed: steps }).observation : result.observation;
  }
  return { steps, ms: ms() };
}

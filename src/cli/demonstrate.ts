import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { type Demonstration, toCsv } from "../../sim/demonstration.js";
import { DEMONSTRATIONS_FILE } from "../policy/demonstrations.js";
import { ConfigurationError } from "../policy/errors.js";
import { mean } from "../telemetry/statistics.js";
import { wholeNumber } from "./options.js";
import { printJson, StatusLine } from "./terminal.js";
import { openWorld, WORLD_ARGUMENT } from "./worlds.js";

interface DemonstrateFlags {
  readonly episodes: number;
  readonly seed: number;
  readonly out?: string;
  readonly json?: boolean;
}

export function demonstrateCommand(): Command {
  return new Command("demonstrate")
    .description("let a world's expert play, and record demonstrations to train a policy on")
    .argument("<world>", WORLD_ARGUMENT)
    .option("--episodes <n>", "episodes to play", wholeNumber(1), 200)
    .option(
      "--seed <n>",
      "seed of the first episode; keep clear of the seeds you score on",
      wholeNumber(0),
      0,
    )
    .option("--out <folder>", `where to write ${DEMONSTRATIONS_FILE}; without, the expert is only scored`)
    .option("--json", "print one JSON object on standard output")
    .addHelpText(
      "after",
      "\nEpisodes in which the expert fails are counted and left out. Example:\n  $ parapilot demonstrate lift --episodes 200 --out out/lift\n",
    )
    .action(demonstrate);
}

async function demonstrate(name: string, { episodes, seed, out, json }: DemonstrateFlags): Promise<void> {
  const world = await openWorld(name);
  const { task } = world;
  if (!world.demonstrate) throw new ConfigurationError(`the world "${task}" has no expert of its own`);
  // Not after minutes of playing, if it cannot be written to.
  if (out !== undefined) await mkdir(out, { recursive: true });
  const status = new StatusLine();
  const successes: Demonstration[] = [];
  const failed: number[] = [];
  try {
    for (let k = 0; k < episodes; k++) {
      const demonstration = world.demonstrate(seed + k);
      if (demonstration.isSuccess) successes.push(demonstration);
      else failed.push(seed + k);
      status.show(`episode ${k + 1}/${episodes}  failed ${failed.length}`);
    }
  } finally {
    status.end();
  }
  if (successes.length === 0) {
    throw new ConfigurationError(
      `the expert fails in every episode (${episodes} from seed ${seed} on), and there is nothing to train on`,
    );
  }
  const result = {
    task,
    seeds: [seed, seed + episodes - 1],
    episodes,
    success_rate: successes.length / episodes,
    failed_seeds: failed,
    steps_mean: mean(successes.map(({ steps }) => steps.length)),
  };
  if (out !== undefined) await writeFile(join(out, DEMONSTRATIONS_FILE), toCsv(successes));
  if (json) return printJson(result);
  process.stdout.write(
    `${task}: the expert succeeds in ${successes.length} of ${episodes} episodes (seeds ${result.seeds.join("–")}), ` +
      `${result.steps_mean.toFixed(0)} steps each\n` +
      (out === undefined ? "" : `written to ${join(out, DEMONSTRATIONS_FILE)}\n`),
  );
}

import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { markdownTable, mergeRows } from "../../bench/readme-table.js";
import type { SamplerRow } from "../../bench/sampler-row.js";
import { compareScores } from "../../bench/scored-rows.js";
import { ConfigurationError } from "../../policy/errors.js";

export function tableCommand(): Command {
  return new Command("table")
    .description("what `bench samplers --json` has printed, one run or several, as a Markdown table")
    .argument("<file...>", "files with the JSON of runs on one policy; more states and more episodes win")
    .action(printTable);
}

async function printTable(files: readonly string[]): Promise<void> {
  const runs = await Promise.all(files.map(readRun));
  const merged = mergeRows(runs);
  const levels = Math.max(...merged.filter(({ rule }) => rule === "ddpm").map(({ steps }) => steps));
  process.stdout.write(`${markdownTable(compareScores(merged, levels))}\n`);
}

async function readRun(file: string): Promise<readonly SamplerRow[]> {
  try {
    const { rows } = JSON.parse(await readFile(file, "utf8")) as { rows?: unknown };
    if (Array.isArray(rows) && rows.every((row) => "name" in row && "sweeps_accepted" in row)) {
      return rows as SamplerRow[];
    }
  } catch (error) {
    throw new ConfigurationError(`cannot read ${file}: ${(error as Error).message}`);
  }
  throw new ConfigurationError(
    `${file} holds no rows of samplers; write it with: parapilot bench samplers --json`,
  );
}

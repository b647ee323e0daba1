import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ConfigurationError } from "./errors.js";
import type { Manifest } from "./manifest.js";

export const DEMONSTRATIONS_FILE = "demonstrations.csv.gz";

/** What was seen in one demonstrated episode. */
export interface DemonstratedEpisode {
  readonly number: number;
  /** One [O] per control step, the observations that the policy names, joined in its order. */
  readonly frames: readonly Float64Array[];
}

/**
 * Reads the observations of `demonstrations.csv.gz`, as `parapilot demonstrate` writes it and `policies/train` reads it: a
 * row of names, then one row per control step, values of an observation as `name[index]`, the steps of an episode one after
 * the other.
 *
 * @throws ConfigurationError naming the file, the line and the remedy.
 * @example
 * const [{ frames }] = await readDemonstrations("out/lift", bundle.manifest);
 */
export async function readDemonstrations(folder: string, manifest: Manifest): Promise<DemonstratedEpisode[]> {
  const file = join(folder, DEMONSTRATIONS_FILE);
  const [header, ...rows] = (await textOf(file)).trimEnd().split("\n");
  const names = header.split(",");
  const column = new Map(names.map((name, k) => [name, k]));
  const seen = manifest.observation.flatMap(({ name, shape }) =>
    Array.from({ length: shape.reduce((product, side) => product * side, 1) }, (_, k) => `${name}[${k}]`),
  );
  const lacking = ["episode", "step", ...seen].filter((name) => !column.has(name));
  if (lacking.length > 0) {
    throw new ConfigurationError(
      `${file} has no column ${lacking.join(", ")}, which policy.yaml asks for; it has ${names.join(", ")}`,
    );
  }
  const at = (name: string) => column.get(name) as number;
  const wanted = [at("episode"), at("step"), ...seen.map(at)];

  const episodes: { number: number; frames: Float64Array[] }[] = [];
  let last = { number: Number.NaN, step: Number.NaN };
  for (const [row, line] of rows.entries()) {
    const cells = line.split(",");
    const values = wanted.map((k) => (cells[k]?.trim() ? Number(cells[k]) : Number.NaN));
    const lost = values.findIndex((value) => !Number.isFinite(value));
    const where = `${file}, line ${row + 2}`;
    if (lost >= 0) {
      const cell = cells[wanted[lost]] ?? "missing";
      throw new ConfigurationError(
        `${where}: ${names[wanted[lost]]} is ${cell}; every value must be a number`,
      );
    }
    const [number, step, ...frame] = values;
    const isNext = number === last.number && step === last.step + 1;
    if (!isNext && (number === last.number || episodes.some((known) => known.number === number))) {
      throw new ConfigurationError(
        `${where}: step ${step} of episode ${number} does not follow the row before; the steps of an episode must stand together, in order`,
      );
    }
    if (!isNext) episodes.push({ number, frames: [] });
    episodes[episodes.length - 1].frames.push(Float64Array.from(frame));
    last = { number, step };
  }
  if (episodes.length === 0) throw new ConfigurationError(`${file} has no row but that of names`);
  return episodes;
}

async function textOf(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigurationError(
      `cannot read ${file} (${code}); give the folder that holds ${DEMONSTRATIONS_FILE}`,
    );
  }
  try {
    return gunzipSync(bytes).toString("utf8");
  } catch (error) {
    throw new ConfigurationError(`${file} is not gzipped, or damaged: ${(error as Error).message}`);
  }
}

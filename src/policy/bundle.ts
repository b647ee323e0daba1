import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { CALIBRATION_FILE, type CalibratedShape, type Calibration, loadCalibration } from "./calibration.js";
import { ConfigurationError, describeIssues } from "./errors.js";
import { type Manifest, manifestSchema, observationWidth } from "./manifest.js";
import { type SolverStatistics, solverStatisticsSchema } from "./solver-statistics.js";

/** An ONNX file of a bundle. */
export interface GraphFile {
  /** Beside policy.yaml. */
  readonly file: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** A graph that answers as a policy's network does, up to rounding, and is faster from some batch size on. */
export interface OptimizedGraph extends GraphFile {
  readonly fromRows: number;
  readonly for: "cpu" | "gpu";
  readonly precision: "float32" | "float16";
  /** Runs once per tick and gives this one's inputs in the observation's place; absent where it takes the observation itself. */
  readonly observation?: GraphFile;
}

/** A policy on disk, read and checked: the manifest and the bytes of its network. */
export interface Bundle {
  readonly directory: string;
  readonly manifest: Manifest;
  readonly network: Uint8Array;
  /** By ascending rows for each of cpu and gpu; empty for a policy that nobody has optimised. */
  readonly optimized: readonly OptimizedGraph[];
  /** Absent from a policy that nobody has measured. */
  readonly statistics?: SolverStatistics;
  /** Absent from a policy that nobody has calibrated, or whose network has changed since. */
  readonly calibration?: Calibration;
}

/**
 * Reads a policy bundle: `<directory>/policy.yaml`, the denoiser and the optimised graphs that it names, and
 * `statistics.json` if there is one.
 *
 * @throws ConfigurationError naming the file, the field and the remedy when anything is missing, malformed or inconsistent,
 * or when a graph is not the one whose checksum the manifest states.
 * @example
 * const bundle = await loadBundle("policies/pusht");
 */
export async function loadBundle(directory: string): Promise<Bundle> {
  const root = resolve(directory);
  const manifestFile = join(root, "policy.yaml");
  const text = await readOr(
    manifestFile,
    "utf8",
    `"${directory}" is not a policy bundle; give the folder that holds policy.yaml`,
  );
  const manifest = parseManifest(text, manifestFile);
  const { denoiser } = manifest;
  const network = await readGraph(root, denoiser, {
    missing: "copy the denoiser that policy.yaml names beside it",
    changed: "copy the bundle again, or state the new checksum if you replaced the network",
  });
  const observation = denoiser.observation && {
    ...denoiser.observation,
    bytes: await readGraph(root, denoiser.observation, OBSERVATION_REMEDIES),
  };
  const optimized: OptimizedGraph[] = [];
  for (const { from_rows: fromRows, ...graph } of denoiser.optimized ?? []) {
    const bytes = await readGraph(root, graph, OPTIMIZED_REMEDIES);
    optimized.push({ ...graph, fromRows, bytes, ...(observation ? { observation } : {}) });
  }
  const statistics = await readStatistics(join(root, "statistics.json"));
  const calibration = await loadCalibration(join(root, CALIBRATION_FILE));
  // Measured on another network, it would only be slow; but nobody would know why.
  const fits = calibration?.denoiser === denoiser.sha256;
  return {
    directory: root,
    manifest,
    network,
    optimized,
    ...(statistics ? { statistics } : {}),
    ...(calibration && fits ? { calibration } : {}),
  };
}

const OPTIMIZED_REMEDIES = {
  missing:
    "copy the graph beside policy.yaml, or take it out of denoiser.optimized: the policy runs without, slower",
  changed: "copy the bundle again, or make it anew with parapilot optimize",
};

const OBSERVATION_REMEDIES = {
  missing:
    "copy the graph beside policy.yaml, or take denoiser.observation and denoiser.optimized out: the policy runs without, slower",
  changed: OPTIMIZED_REMEDIES.changed,
};

/** @throws ConfigurationError with one of the remedies. */
async function readGraph(
  root: string,
  { file, sha256 }: { readonly file: string; readonly sha256: string },
  remedies: typeof OPTIMIZED_REMEDIES,
): Promise<Uint8Array> {
  const path = join(root, file);
  const bytes = await readOr(path, null, remedies.missing);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found === sha256) return bytes;
  throw new ConfigurationError(
    `${path} (${bytes.length} bytes) has sha256 ${found}, but policy.yaml states ${sha256}: ` +
      `the file is truncated or belongs to another policy; ${remedies.changed}`,
  );
}

/** The sizes that a calibration of this policy has. */
export function calibratedShape(manifest: Manifest): CalibratedShape {
  return {
    levels: manifest.diffusion.levels,
    chunk: manifest.horizon * manifest.action.length,
    observation: manifest.n_obs_steps * observationWidth(manifest),
  };
}

async function readStatistics(file: string): Promise<SolverStatistics | undefined> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new ConfigurationError(`cannot read ${file} (${error.code}): make it readable, or delete it`);
  });
  if (text === undefined) return undefined;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new ConfigurationError(
      `${file} is not JSON: ${(error as Error).message}; delete it or measure again`,
    );
  }
  const result = solverStatisticsSchema.safeParse(document);
  if (!result.success) {
    throw new ConfigurationError(
      `${file}: ${describeIssues(result.error, document)}\n  delete it or measure again`,
    );
  }
  return result.data;
}

/** Parses and checks the text of a `policy.yaml`; `file` appears in the errors. */
export function parseManifest(text: string, file = "policy.yaml"): Manifest {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw new ConfigurationError(`${file} is not YAML: ${(error as Error).message}`);
  }
  const result = manifestSchema.safeParse(document);
  if (!result.success) throw new ConfigurationError(`${file}: ${describeIssues(result.error, document)}`);
  return result.data;
}

async function readOr(file: string, encoding: "utf8", remedy: string): Promise<string>;
async function readOr(file: string, encoding: null, remedy: string): Promise<Uint8Array>;
async function readOr(file: string, encoding: "utf8" | null, remedy: string): Promise<string | Uint8Array> {
  try {
    return await readFile(file, encoding);
  } catch (error) {
    throw new ConfigurationError(`cannot read ${file} (${(error as NodeJS.ErrnoException).code}): ${remedy}`);
  }
}

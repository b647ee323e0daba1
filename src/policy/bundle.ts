import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { CALIBRATION_FILE, type CalibratedShape, type Calibration, loadCalibration } from "./calibration.js";
import { ConfigurationError, describeIssues } from "./errors.js";
import { type Manifest, manifestSchema, observationWidth } from "./manifest.js";
import { type SolverStatistics, solverStatisticsSchema } from "./solver-statistics.js";

/** A policy on disk, read and checked: the manifest and the bytes of its network. */
export interface Bundle {
  readonly directory: string;
  readonly manifest: Manifest;
  readonly network: Uint8Array;
  /** Absent from a policy that nobody has measured. */
  readonly statistics?: SolverStatistics;
  /** Absent from a policy that nobody has calibrated, or whose network has changed since. */
  readonly calibration?: Calibration;
}

/**
 * Reads a policy bundle: `<directory>/policy.yaml`, the denoiser it names, and `statistics.json` if there is one.
 *
 * @throws ConfigurationError naming the file, the field and the remedy when anything is missing, malformed or inconsistent,
 * or when the network is not the one whose checksum the manifest states.
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
  const networkFile = join(root, manifest.denoiser.file);
  const network = await readOr(networkFile, null, `copy the denoiser that policy.yaml names beside it`);
  const sha256 = createHash("sha256").update(network).digest("hex");
  if (sha256 !== manifest.denoiser.sha256) {
    throw new ConfigurationError(
      `${networkFile} (${network.length} bytes) has sha256 ${sha256}, but policy.yaml states ${manifest.denoiser.sha256}: ` +
        "the file is truncated or belongs to another policy; copy the bundle again, or state the new checksum if you replaced the network",
    );
  }
  const statistics = await readStatistics(join(root, "statistics.json"));
  const calibration = await loadCalibration(join(root, CALIBRATION_FILE));
  // Measured on another network, it would only be slow; but nobody would know why.
  const fits = calibration?.denoiser === sha256;
  return {
    directory: root,
    manifest,
    network,
    ...(statistics ? { statistics } : {}),
    ...(calibration && fits ? { calibration } : {}),
  };
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

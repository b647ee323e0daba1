import { createHash } from "node:crypto";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { parse, stringify } from "yaml";
import { writeRandomBundle } from "../../src/bench/gpu/random-bundle.js";
import { parseManifest } from "../../src/policy/bundle.js";

/** The policy that ships; tests run in the repository's root. */
export const SHIPPED = join("policies", "pusht");

/** An empty folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parapilot-test-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/**
 * A policy as the shipped one but for its network, which is small and random: for tests of what is done with a policy,
 * whatever it does. It has the published statistics, and no calibration.
 *
 * @param folder where it is written; one that goes with the test unless told.
 */
export async function randomBundle(folder?: string): Promise<string> {
  const manifest = parseManifest(await readFile(join(SHIPPED, "policy.yaml"), "utf8"));
  const at = join(folder ?? (await temporaryFolder()), "random");
  const { directory } = await writeRandomBundle(at, manifest, [8, 16, 32]);
  await copyFile(join(SHIPPED, "statistics.json"), join(directory, "statistics.json"));
  return directory;
}

/** What to change in a copy of the shipped policy; null leaves a file out. */
export interface Changes {
  readonly manifest?: ((text: string) => string) | null;
  readonly network?: ((bytes: Uint8Array) => Uint8Array) | null;
  /** Whether policy.yaml states the checksum of the changed network. */
  readonly restated?: boolean;
}

/** An optimised graph to put into a copy of the shipped policy. */
export interface AddedGraph {
  readonly bytes: Uint8Array;
  readonly fromRows: number;
  /** The CPU unless told. */
  readonly for?: "cpu" | "gpu";
  /** The checksum that policy.yaml states; that of the bytes unless told. */
  readonly sha256?: string;
}

/** A copy of the shipped policy with these optimised graphs, `graph-0.onnx` and so on, and no others; its folder. */
export async function optimizedBundle(graphs: readonly AddedGraph[]): Promise<string> {
  const folder = await changedBundle({ manifest: (text) => withGraphs(text, graphs) });
  for (const [k, { bytes }] of graphs.entries()) await writeFile(join(folder, `graph-${k}.onnx`), bytes);
  return folder;
}

function withGraphs(manifest: string, graphs: readonly AddedGraph[]): string {
  const document = parse(manifest);
  document.denoiser.optimized = graphs.map(({ bytes, fromRows, sha256, for: target = "cpu" }, k) => ({
    file: `graph-${k}.onnx`,
    sha256: sha256 ?? createHash("sha256").update(bytes).digest("hex"),
    from_rows: fromRows,
    for: target,
  }));
  return stringify(document);
}

function withoutGraphs(manifest: string): string {
  return manifest
    .replace(/^ {2}observation: \{ file.*\n/m, "")
    .replace(/^ {2}optimized:\n(?: {4}- .*\n)*/m, "");
}

/** A copy of the shipped policy with its original network alone, and something changed; its folder. */
export async function changedBundle(changes: Changes = {}): Promise<string> {
  const folder = await temporaryFolder();
  let text = withoutGraphs(await readFile(join(SHIPPED, "policy.yaml"), "utf8"));
  if (changes.network) {
    const bytes = changes.network(await readFile(join(SHIPPED, "denoiser.onnx")));
    await writeFile(join(folder, "denoiser.onnx"), bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (changes.restated) text = text.replace(/sha256: \w+/, `sha256: ${sha256}`);
  } else if (changes.network !== null) {
    await copyFile(join(SHIPPED, "denoiser.onnx"), join(folder, "denoiser.onnx"));
  }
  if (changes.manifest !== null) {
    await writeFile(join(folder, "policy.yaml"), changes.manifest?.(text) ?? text);
  }
  return folder;
}

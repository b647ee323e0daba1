import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Optimized, optimize } from "../../src/optimize/optimize.js";
import { writeBundle } from "../../src/optimize/write-bundle.js";
import { loadBundle } from "../../src/policy/bundle.js";
import { temporaryFolder } from "../policy/bundles.js";
import { jointText } from "../policy/manifests.js";

const UNET = join("test", "optimize", "unet", "dynamo.onnx");
const RANGE = { min: -1, max: 1, unit: "m" };

/** A policy of the tiny U-Net, or of another network with two actions, 8 steps, 6 observed numbers and 20 levels; its folder. */
export async function tinyBundle(network?: Uint8Array): Promise<string> {
  const folder = join(await temporaryFolder(), "bundle");
  await mkdir(folder);
  const bytes = network ?? (await readFile(UNET));
  await writeFile(join(folder, "denoiser.onnx"), bytes);
  const text = jointText({
    horizon: 8,
    action: [
      { name: "x", ...RANGE },
      { name: "y", ...RANGE },
    ],
    "normalizer.action": { min: [-1, -1], max: [1, 1] },
    "denoiser.sha256": createHash("sha256").update(bytes).digest("hex"),
  });
  await writeFile(join(folder, "policy.yaml"), `# mine\n${text}`);
  return folder;
}

/** The same with its graphs for few rows and for five and more, and for a GPU in single precision; its folder. */
export async function optimizedTinyBundle(
  change: (optimized: Optimized) => Optimized = (same) => same,
): Promise<string> {
  const bundle = await loadBundle(await tinyBundle());
  const { graphs, observation } = change(await optimize(bundle.network, { levels: 20 }));
  const serving = graphs.map((graph) => ({
    ...graph,
    from: graph.precision === "float32" ? graph.fromRows : null,
  }));
  await writeBundle(bundle, bundle.directory, serving, observation);
  return bundle.directory;
}

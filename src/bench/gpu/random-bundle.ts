import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { writeModel } from "../../onnx/model.js";
import type { Manifest } from "../../policy/manifest.js";
import { PAPER_SIZE, randomUnet } from "./random-unet.js";

/** What `training` of a policy says that was never trained. */
const RANDOM = "random";

/** Whether only the time of a policy's network means anything. */
export function isRandom({ training }: Manifest): boolean {
  return training.weights === RANDOM;
}

export interface RandomBundle {
  readonly directory: string;
  readonly sha256: string;
  readonly parameters: number;
}

/**
 * Writes a bundle whose network has the architecture of a PushT policy and random weights: something to measure the time
 * of, at the size of the published networks or any other, without training one.
 *
 * @param like the policy whose observations, actions and levels it has.
 * @param channels of the U-Net's resolutions; multiples of 8.
 */
export async function writeRandomBundle(
  directory: string,
  like: Manifest,
  channels: readonly number[] = PAPER_SIZE.channels,
  seed = 0,
): Promise<RandomBundle> {
  const model = randomUnet({ ...PAPER_SIZE, channels }, seed);
  const weights = (model.graph?.initializer ?? []).filter(({ name }) => !name.startsWith("weight_"));
  const parameters = weights.reduce((sum, { dims }) => sum + dims.reduce((n, d) => n * Number(d), 1), 0);
  const bytes = writeModel(model);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const widths = channels.join("/");
  const manifest: Manifest = {
    ...like,
    name: `random-${channels.join("-")}`,
    description: "Random weights: it can be timed, and must never drive anything.",
    denoiser: { file: "denoiser.onnx", sha256 },
    training: {
      weights: RANDOM,
      seed,
      network: `conditional 1-D U-Net, channels ${widths}, ${parameters.toLocaleString("en")} weights, levels as a table`,
    },
    score: { none: "the weights are random" },
  };
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "denoiser.onnx"), bytes);
  await writeFile(join(directory, "policy.yaml"), stringify(manifest));
  return { directory, sha256, parameters };
}

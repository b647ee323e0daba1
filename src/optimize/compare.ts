import type { Numbers } from "../onnx/tensor.js";
import { type Manifest, observationWidth } from "../policy/manifest.js";
import { GaussianStream } from "../sampling/noise.js";
import type { Feeds, Rival } from "./rival.js";

/** Batches on which graphs are compared, and how far their samples spread: from nearly clean ones to beyond the noise. */
const COMPARED = [1, 2, 3, 5, 8, 20, 100].flatMap((rows) => [0.3, 1, 3].map((spread) => ({ rows, spread })));

/** The largest difference between the noise that two graphs predict for random samples, levels and observations. */
export async function largestDifference(a: Rival, b: Rival, manifest: Manifest): Promise<number> {
  let largest = 0;
  for (const [k, { rows, spread }] of COMPARED.entries()) {
    const feeds = randomFeeds(manifest, rows, spread, k);
    const [ofA, ofB] = [await a.noise(feeds), await b.noise(feeds)];
    if (ofA.length !== ofB.length) return Number.POSITIVE_INFINITY;
    for (let i = 0; i < ofA.length; i++) {
      const difference = Math.abs(ofA[i] - ofB[i]);
      largest = Math.max(largest, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
    }
  }
  return largest;
}

/** Inputs of a policy's network: samples with this deviation, levels over the whole chain, observations within limits. */
export function randomFeeds(manifest: Manifest, rows: number, deviation: number, seed: number): Feeds {
  const { horizon, action, diffusion, n_obs_steps } = manifest;
  const stream = new GaussianStream(seed);
  const gaussian = (size: number) => {
    const values = new Float64Array(size);
    stream.fill(values);
    return values;
  };
  const numbers = (dims: readonly number[], data: Float64Array, integer = false): Numbers => ({
    dims,
    data,
    integer,
  });
  const width = n_obs_steps * observationWidth(manifest);
  const sample = gaussian(rows * horizon * action.length).map((value) => deviation * value);
  const levels = Float64Array.from({ length: rows }, (_, row) => (row * 37 + seed * 11) % diffusion.levels);
  const observation = gaussian(width).map((value) => Math.tanh(value));
  return new Map([
    ["sample", numbers([rows, horizon, action.length], sample)],
    ["level", numbers([rows], levels, true)],
    ["observation", numbers([1, width], observation)],
  ]);
}

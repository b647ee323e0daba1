import type { Numbers } from "../onnx/tensor.js";
import type { Manifest } from "../policy/manifest.js";
import { cleanFromNoise } from "../sampling/denoiser.js";
import { squaredCosine } from "../sampling/schedule.js";
import { randomFeeds } from "./compare.js";
import type { Feeds, Rival } from "./rival.js";

/**
 * States as a policy meets them, a row per noise level: noise at the noisiest, and below it what the network makes of it step
 * by step (DDIM, Song et al. 2021).
 */
export async function chainFeeds(network: Rival, manifest: Manifest): Promise<Feeds> {
  const { levels } = manifest.diffusion;
  const { signal } = squaredCosine(levels);
  const whole = randomFeeds(manifest, 1, 1, 0);
  const [first, observation] = [whole.get("sample"), whole.get("observation")] as [Numbers, Numbers];
  const size = first.data.length;
  const states = new Float32Array(levels * size);
  let state = Float64Array.from(first.data);
  for (let level = levels - 1; level >= 0; level--) {
    states.set(state, level * size);
    const feeds = feedsOf(first.dims, state, [level], observation);
    const clean = await cleanOf(await network.noise(feeds), feeds, manifest);
    const [here, next] = [signal[level], level > 0 ? signal[level - 1] : 1];
    state = state.map((value, k) => {
      const noise = (value - Math.sqrt(here) * clean[k]) / Math.sqrt(1 - here);
      return Math.sqrt(next) * clean[k] + Math.sqrt(1 - next) * noise;
    });
  }
  const every = Array.from({ length: levels }, (_, level) => level);
  return feedsOf([levels, ...first.dims.slice(1)], states, every, observation);
}

/** The clipped clean predictions that a network's answer to some feeds comes to. */
export async function cleanOf(noise: Float32Array, feeds: Feeds, manifest: Manifest): Promise<Float64Array> {
  const { levels, clip } = manifest.diffusion;
  const [sample, level] = [feeds.get("sample"), feeds.get("level")] as [Numbers, Numbers];
  const [rows, horizon, dim] = sample.dims;
  const answered = { shape: { horizon, dim }, predictNoise: (...[, , , out]: Predicting) => out.set(noise) };
  const clean = new Float64Array(noise.length);
  const denoiser = cleanFromNoise(answered, squaredCosine(levels), clip);
  await denoiser.predict(Float64Array.from(sample.data), Int32Array.from(level.data), rows, clean);
  return clean;
}

type Predicting = [Float64Array, Int32Array, number, Float64Array];

function feedsOf(
  dims: readonly number[],
  states: Float32Array | Float64Array,
  levels: readonly number[],
  observation: Numbers,
): Feeds {
  return new Map<string, Numbers>([
    ["sample", { dims, data: states, integer: false }],
    ["level", { dims: [levels.length], data: Float64Array.from(levels), integer: true }],
    ["observation", observation],
  ]);
}

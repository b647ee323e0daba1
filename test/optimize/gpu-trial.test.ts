import { beforeEach, expect, it, onTestFinished } from "vitest";
import { chainFeeds, cleanOf } from "../../src/optimize/chain.js";
import { randomFeeds } from "../../src/optimize/compare.js";
import { refuseOthers } from "../../src/optimize/differences.js";
import { type Asked, tryOnGpu } from "../../src/optimize/gpu-trial.js";
import { type Optimized, type OptimizedGraph, optimize } from "../../src/optimize/optimize.js";
import { Rival } from "../../src/optimize/rival.js";
import { type Bundle, loadBundle } from "../../src/policy/bundle.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { squaredCosine } from "../../src/sampling/schedule.js";
import { tinyBundle } from "./tiny-bundle.js";

// The CPU takes the GPU's place: what is tested is what is made of the answers.
const RUNTIME = { provider: "cpu", threads: 1, spin: false } as const;
const LEVELS = 20;

let bundle: Bundle;
let optimized: Optimized;
beforeEach(async () => {
  bundle = await loadBundle(await tinyBundle());
  optimized = await optimize(bundle.network, { levels: LEVELS });
});

const single = () => optimized.graphs.find(({ name }) => name === "gpu") as OptimizedGraph;
/** No product of the tiny U-Net is wide enough for half precision. */
const half = (bytes = single().bytes) =>
  ({ ...single(), name: "gpu-half", precision: "float16", bytes }) as const;

async function opened(name: string, bytes: Uint8Array, observation?: Uint8Array): Promise<Rival> {
  const rival = await Rival.load(name, bytes, RUNTIME, observation);
  onTestFinished(() => rival.close());
  return rival;
}

async function asked(original: Rival): Promise<Asked> {
  const { manifest } = bundle;
  const chain = await chainFeeds(original, manifest);
  return { manifest, chain, feedsFor: (rows) => randomFeeds(manifest, rows, 1, rows) };
}

it("has a state of every level to compare, from noise to what the network makes of it", async () => {
  const original = await opened("original", bundle.network);
  const chain = await chainFeeds(original, bundle.manifest);
  const sample = chain.get("sample")?.data ?? [];
  expect(chain.get("level")?.data).toEqual(Float64Array.from({ length: LEVELS }, (_, k) => k));
  const noise = randomFeeds(bundle.manifest, 1, 1, 0).get("sample")?.data ?? [];
  const size = noise.length;
  for (let k = 0; k < size; k++) expect(sample[(LEVELS - 1) * size + k]).toBeCloseTo(noise[k], 6);
  // A step of DDIM keeps the noise and the clean prediction, and mixes them for the next level.
  const clean = await cleanOf(await original.noise(chain), chain, bundle.manifest);
  const { signal } = squaredCosine(LEVELS);
  const level = 10;
  for (let k = level * size; k < (level + 1) * size; k++) {
    const noise = (sample[k] - Math.sqrt(signal[level]) * clean[k]) / Math.sqrt(1 - signal[level]);
    const next = Math.sqrt(signal[level - 1]) * clean[k] + Math.sqrt(1 - signal[level - 1]) * noise;
    expect(sample[k - size]).toBeCloseTo(next, 4);
  }
});

it("says how far every graph is off and which is the fastest", async () => {
  const original = await opened("original", bundle.network);
  const what = {
    network: bundle.network,
    graphs: [single(), half()],
    observation: optimized.observation,
  };
  const trial = await tryOnGpu(original, what, RUNTIME, await asked(original), () => {});
  expect(trial?.own).toEqual({ noise: 0, clean: 0 });
  expect(trial?.graphs.map(({ name }) => name)).toEqual(["gpu", "gpu-half"]);
  expect(trial?.graphs[0].differences.noise).toBeLessThan(1e-5);
  for (const { ms } of trial?.contests ?? []) expect(ms).toHaveLength(3);
});

it("goes on without an original or a half precision that the device cannot run", async () => {
  const original = await opened("original", bundle.network);
  const garbage = new Uint8Array(50).fill(0xa5);
  const what = {
    network: garbage,
    graphs: [single(), half(garbage)],
    observation: optimized.observation,
  };
  const trial = await tryOnGpu(original, what, RUNTIME, await asked(original), () => {});
  expect(trial?.own).toBeNull();
  expect(trial?.graphs).toMatchObject([{ name: "gpu", from: 1 }]);
});

it("refuses a graph that computes something else", () => {
  expect(() => refuseOthers("gpu", { noise: 9e-4, clean: 1 })).not.toThrow();
  expect(() => refuseOthers("gpu", { noise: 2e-3, clean: 0 })).toThrow(ConfigurationError);
  expect(() => refuseOthers("gpu", { noise: 2e-3, clean: 0 })).toThrow(
    "the gpu graph differs from the original by 0.0020, more than 0.001",
  );
  // As far as the original itself is off there.
  expect(() => refuseOthers("gpu", { noise: 2e-3, clean: 0 }, 3e-3)).not.toThrow();
  expect(() => refuseOthers("gpu", { noise: Number.NaN, clean: 0 })).toThrow(ConfigurationError);
});

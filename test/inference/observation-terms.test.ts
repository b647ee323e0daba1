import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { expect, it, onTestFinished } from "vitest";
import { describeGraphs, graphsFor } from "../../src/inference/graphs.js";
import { ObservationTerms } from "../../src/inference/observation-terms.js";
import { OnnxNetwork } from "../../src/inference/onnx.js";
import { type Model, readModel, writeModel } from "../../src/onnx/model.js";
import { type Bundle, type GraphFile, loadBundle } from "../../src/policy/bundle.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { GaussianStream } from "../../src/sampling/noise.js";
import { optimizedTinyBundle } from "../optimize/tiny-bundle.js";
import { distance } from "../sampling/problems.js";

const RUNTIME = { provider: "cpu", threads: 1, spin: false } as const;
const SIZE = 8 * 2;

const loaded = async () => loadBundle(await optimizedTinyBundle());

async function opened(bundle: Bundle): Promise<OnnxNetwork> {
  const network = await OnnxNetwork.load(bundle, RUNTIME);
  onTestFinished(() => network.close());
  return network;
}

async function answer(network: OnnxNetwork, rows: number): Promise<Float64Array> {
  const stream = new GaussianStream(rows);
  const out = new Float64Array(rows * SIZE);
  const levels = Int32Array.from({ length: rows }, (_, k) => (7 * k) % 20);
  await network.predictNoise(stream.fill(new Float64Array(rows * SIZE)), levels, rows, out);
  return out;
}

it("gives the original's answers from terms of the newest observation, whichever graph is called", async () => {
  const bundle = await loaded();
  const [original, optimized] = [await opened({ ...bundle, optimized: [] }), await opened(bundle)];
  const answers: Float64Array[] = [];
  for (const observed of [0.3, -0.8]) {
    for (const rows of [1, 6, 1]) {
      for (const network of [original, optimized]) network.observe(new Float64Array(6).fill(observed));
      const [wanted, found] = [await answer(original, rows), await answer(optimized, rows)];
      expect(distance(wanted, found)).toBeLessThan(1e-5);
      answers.push(found);
    }
  }
  expect(distance(answers[0], answers[3])).toBeGreaterThan(1e-2);
});

it("counts the terms as time of the network, at the first call after an observation", async () => {
  const network = await opened(await loaded());
  network.observe(new Float64Array(6));
  expect(network.runMs).toBe(0);
  await answer(network, 1);
  expect(network.runMs).toBeGreaterThan(0);
});

it("computes terms once, until the observation is forgotten", async () => {
  const { optimized } = await loaded();
  const terms = await ObservationTerms.load(optimized[0].observation as GraphFile, 6, RUNTIME);
  onTestFinished(() => terms.close());
  const values = new Float32Array(6);
  const observation = new ort.Tensor("float32", values, [1, 6]);
  const first = await terms.of(observation);
  values.fill(0.5);
  expect(await terms.of(observation)).toBe(first);
  terms.forget();
  const [before, after] = [first, await terms.of(observation)].map((all) => all.observation_terms_1.data);
  expect(after).not.toEqual(before);
});

it("is said in words, and belongs to graphs for a GPU too", async () => {
  const bundle = await loaded();
  expect(describeGraphs(graphsFor(bundle, "cpu"))).toBe(
    "denoiser.small.onnx, from 5 rows on denoiser.large.onnx, denoiser.observation.onnx once per tick",
  );
  for (const provider of ["webgpu", "cuda"] as const) {
    expect(describeGraphs(graphsFor(bundle, provider))).toBe(
      "denoiser.gpu.onnx, denoiser.observation.onnx once per tick",
    );
  }
});

async function refusal(bundle: Bundle): Promise<string> {
  const error: unknown = await OnnxNetwork.load(bundle, RUNTIME).catch((reason) => reason);
  expect(error).toBeInstanceOf(ConfigurationError);
  return (error as Error).message;
}

function edited(bytes: Uint8Array, edit: (model: Model) => void): Uint8Array {
  const model = readModel(bytes);
  edit(model);
  return writeModel(model);
}

it("refuses an observation graph that is none, or takes or gives something else", async () => {
  const bundle = await loaded();
  const withTerms = (change: (bytes: Uint8Array) => Uint8Array): Bundle => ({
    ...bundle,
    optimized: bundle.optimized.map((graph) => {
      const file = graph.observation as GraphFile;
      return { ...graph, observation: { ...file, bytes: change(file.bytes) } };
    }),
  });
  const rename = (from: string, to: string) => (bytes: Uint8Array) =>
    edited(bytes, ({ graph }) => {
      for (const value of [...graph.input, ...graph.output]) if (value.name === from) value.name = to;
      for (const node of graph.node) {
        node.input = node.input.map((name) => (name === from ? to : name));
        node.output = node.output.map((name) => (name === from ? to : name));
      }
    });
  expect(await refusal(withTerms(() => new Uint8Array(100).fill(0xa5)))).toMatch(
    /^onnxruntime cannot load denoiser\.observation\.onnx .*; make it anew with parapilot optimize, or take denoiser\.observation/s,
  );
  expect(await refusal(withTerms(rename("observation", "seen")))).toContain(
    "denoiser.observation.onnx: the network's inputs are seen float32 [1, 6]; the manifest needs observation float32 [1, 6]",
  );
  expect(await refusal(withTerms(rename("observation_terms_1", "other")))).toMatch(
    /^denoiser\.small\.onnx: the network's inputs are .*observation_terms_1 float32.*parapilot optimize/,
  );
});

it("refuses a bundle without it, or with another one", async () => {
  const folder = await optimizedTinyBundle();
  await writeFile(join(folder, "denoiser.observation.onnx"), "another");
  await expect(loadBundle(folder)).rejects.toThrow(
    /observation\.onnx \(7 bytes\) has sha256 .*parapilot optimize/,
  );
  await rm(join(folder, "denoiser.observation.onnx"));
  await expect(loadBundle(folder)).rejects.toThrow(
    /observation\.onnx \(ENOENT\): .*take denoiser\.observation and denoiser\.optimized out/,
  );
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Model, readModel, writeModel } from "../../src/onnx/model.js";
import type { Numbers } from "../../src/onnx/tensor.js";
import { type Optimized, optimize } from "../../src/optimize/optimize.js";
import { REWRITES } from "../../src/optimize/target.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { GaussianStream } from "../../src/sampling/noise.js";
import { SHIPPED } from "../policy/bundles.js";
import { noiseOf, timesMade } from "./tiny-network.js";

interface Network {
  readonly file: string;
  readonly levels: number;
  readonly horizon: number;
  readonly observation: number;
}

const UNET = { levels: 20, horizon: 8, observation: 6 };
const LEGACY: Network = { file: join("test", "optimize", "unet", "legacy.onnx"), ...UNET };
const DYNAMO: Network = { file: join("test", "optimize", "unet", "dynamo.onnx"), ...UNET };
const PUSHT: Network = { file: join(SHIPPED, "denoiser.onnx"), levels: 100, horizon: 16, observation: 40 };

async function noise(
  bytes: Uint8Array,
  network: Network,
  rows: number,
  terms?: Uint8Array,
): Promise<Numbers["data"]> {
  const stream = new GaussianStream(rows);
  const { levels, horizon, observation } = network;
  const floats = (...dims: number[]) => {
    const size = dims.reduce((product, side) => product * side, 1);
    return { dims, data: stream.fill(new Float64Array(size)), integer: false };
  };
  const level = Float64Array.from({ length: rows }, (_, row) => (row * 7 + 3) % levels);
  const feeds = new Map<string, Numbers>([
    ["sample", floats(rows, horizon, 2)],
    ["level", { dims: [rows], data: level, integer: true }],
    ["observation", floats(1, observation)],
  ]);
  return (await noiseOf(bytes, feeds, terms)).data;
}

async function expectSame(optimized: Optimized, original: Uint8Array, network: Network): Promise<void> {
  for (const rows of [1, 6]) {
    const wanted = await noise(original, network, rows);
    for (const { bytes, precision } of optimized.graphs) {
      const found = await noise(bytes, network, rows, optimized.observation);
      const allowed = precision === "float32" ? 1e-5 : 1e-2;
      expect(Math.max(...found.map((value, k) => Math.abs(value - wanted[k])))).toBeLessThan(allowed);
    }
  }
}

it.each([
  ["the legacy exporter", LEGACY],
  ["the exporter of torch.export", DYNAMO],
])("rewrites all of a U-Net from %s of PyTorch", async (_, network) => {
  const bytes = await readFile(network.file);
  const optimized = await optimize(bytes, network);
  expect(optimized.report.kept).toEqual([]);
  expect(optimized.graphs.map(({ name }) => name)).toEqual(["small", "large", "gpu"]);
  const made = [
    "convolution of 5",
    "convolution of 3 by 2",
    "group norm",
    "Mish",
    "FiLM",
    "FiLM map as a table",
  ];
  expect(made.map((name) => timesMade(optimized, name))).toEqual([6, 1, 6, 6, 6, 3]);
  expect(timesMade(optimized, "convolution of 4, transposed by 2")).toBe(1);
  await expectSame(optimized, bytes, network);
});

it("rewrites the shipped network, whose layers are written out as products", async () => {
  const bytes = await readFile(PUSHT.file);
  const optimized = await optimize(bytes, PUSHT);
  const made = ["convolution of 5", "convolution of 3 by 2", "group norm", "Mish", "FiLM"];
  expect(made.map((name) => timesMade(optimized, name))).toEqual([25, 2, 25, 25, 24]);
  expect(optimized.graphs.map(({ name }) => name)).toEqual(["small", "large", "gpu", "gpu-half"]);
  expect(timesMade(optimized, "convolution of 4, transposed by 2")).toBe(2);
  await expectSame(optimized, bytes, PUSHT);
});

it.each(REWRITES)("gives the same answers without %s", async (without) => {
  const bytes = await readFile(LEGACY.file);
  const lacking = await optimize(bytes, { ...LEGACY, without });
  const whole = await optimize(bytes, LEGACY);
  expect(lacking.graphs[1].bytes).not.toEqual(whole.graphs[1].bytes);
  await expectSame(lacking, bytes, LEGACY);
});

it("gives the same files for the same network", async () => {
  const bytes = await readFile(DYNAMO.file);
  const [once, again] = [await optimize(bytes, DYNAMO), await optimize(bytes, DYNAMO)];
  expect(again).toEqual(once);
});

it("can rewrite what it wrote", async () => {
  const bytes = await readFile(DYNAMO.file);
  const { graphs } = await optimize(bytes, { ...DYNAMO, without: "observation" });
  for (const graph of graphs) {
    const again = await optimize(graph.bytes, DYNAMO);
    for (const { bytes } of again.graphs.filter(({ precision }) => precision === "float32")) {
      const wanted = await noise(graph.bytes, DYNAMO, 5);
      const found = await noise(bytes, DYNAMO, 5, again.observation);
      expect(Math.max(...found.map((value, k) => Math.abs(value - wanted[k])))).toBeLessThan(1e-5);
    }
  }
});

it.each([
  [
    "an older opset",
    (model: Model) => {
      model.opsetImport[0].version = 17n;
    },
    /opset_version=18/,
  ],
  [
    "other inputs",
    (model: Model) => {
      model.graph.input[0].name = "x";
    },
    /sample, level, observation/,
  ],
])("refuses a network with %s, and says what to do", async (_, spoil, message) => {
  const model = readModel(await readFile(DYNAMO.file));
  spoil(model);
  const refused = optimize(writeModel(model), DYNAMO);
  await expect(refused).rejects.toThrow(ConfigurationError);
  await expect(refused).rejects.toThrow(message);
});

import { expect, it } from "vitest";
import { fromHalfBits, halfBits } from "../../src/onnx/half.js";
import { readModel } from "../../src/onnx/model.js";
import { TensorProto_DataType } from "../../src/onnx/onnx_pb.js";
import type { Numbers } from "../../src/onnx/tensor.js";
import { type OptimizedGraph, optimize } from "../../src/optimize/optimize.js";
import { GaussianStream } from "../../src/sampling/noise.js";
import { LEVELS, noiseOf, TinyNetwork } from "./tiny-network.js";

const WIDTH = 40;
const STEPS = 4;

/** One convolution, wide enough for half precision. */
async function wide(): Promise<Record<OptimizedGraph["name"], OptimizedGraph>> {
  const network = new TinyNetwork(3);
  const x = network.op("Transpose", ["sample"], { perm: [0, 2, 1] });
  const y = network.op("Conv", [x, network.random(WIDTH, WIDTH, 3), network.random(WIDTH)], { pads: [1, 1] });
  const output = network.op("Transpose", [y], { perm: [0, 2, 1] });
  const { graphs } = await optimize(network.file(output, STEPS, WIDTH), { levels: LEVELS });
  return Object.fromEntries(graphs.map((graph) => [graph.name, graph])) as Awaited<ReturnType<typeof wide>>;
}

const nearestHalves = (values: Numbers["data"]) => fromHalfBits(halfBits(Float32Array.from(values)));

async function answer(graph: Uint8Array, sample: Numbers["data"]): Promise<Numbers["data"]> {
  const feeds = new Map<string, Numbers>([
    ["sample", { dims: [2, STEPS, WIDTH], data: sample, integer: false }],
    ["level", { dims: [2], data: new Float64Array(2), integer: true }],
    ["observation", { dims: [1, 3], data: new Float64Array(3), integer: false }],
  ]);
  return (await noiseOf(graph, feeds)).data;
}

it("rounds in a rehearsal what half precision rounds on a GPU: inputs, weights and products", async () => {
  const { gpu, "gpu-half": half } = await wide();
  const sample = new GaussianStream(1).fill(new Float64Array(2 * STEPS * WIDTH));
  const rehearsal = half.rehearsal as Uint8Array;
  const rehearsed = await answer(rehearsal, sample);
  expect(rehearsed).toEqual(nearestHalves(rehearsed));
  expect(await answer(rehearsal, nearestHalves(sample))).toEqual(rehearsed);
  const exact = await answer(gpu.bytes, sample);
  const largest = Math.max(...exact.map(Math.abs));
  const far = (found: Numbers["data"]) =>
    Math.max(...found.map((value, k) => Math.abs(value - exact[k]))) / largest;
  expect(far(rehearsed)).toBeGreaterThan(1e-5);
  expect(far(rehearsed)).toBeLessThan(2e-3);
  // The CPU provider drops the casts: its own answer to the half graph flatters it.
  expect(far(await answer(half.bytes, sample))).toBeLessThan(far(rehearsed));
});

it("holds the wide weights in half precision, and takes and gives single", async () => {
  const { gpu, "gpu-half": half } = await wide();
  expect(half).toMatchObject({ for: "gpu", precision: "float16" });
  expect(half.bytes.length).toBeLessThan(0.6 * gpu.bytes.length);
  const { graph } = readModel(half.bytes);
  for (const { type } of [...graph.input, ...graph.output]) {
    const { value } = type?.value ?? {};
    const elements = value && "elemType" in value ? value.elemType : undefined;
    expect([TensorProto_DataType.FLOAT, TensorProto_DataType.INT64, undefined]).toContain(elements);
  }
});

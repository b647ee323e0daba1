import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-node";
import { expect, test } from "vitest";
import { forWebgpu } from "../../src/inference/webgpu-graph.js";
import { readModel } from "../../src/onnx/model.js";
import { SHIPPED } from "../policy/bundles.js";

const network = await readFile(`${SHIPPED}/denoiser.onnx`);

async function answer(bytes: Uint8Array, rows: number): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const wave = (count: number) => Float32Array.from({ length: count }, (_, k) => Math.sin(1.7 * k + 0.3));
  const { noise } = await session.run({
    sample: new ort.Tensor("float32", wave(rows * 32), [rows, 16, 2]),
    level: new ort.Tensor(
      "int64",
      BigInt64Array.from({ length: rows }, (_, row) => BigInt(99 - 13 * row)),
      [rows],
    ),
    observation: new ort.Tensor("float32", wave(40), [1, 40]),
  });
  await session.release();
  return noise.data as Float32Array;
}

test("not a bit of the shipped network's answers changes", async () => {
  const changed = forWebgpu(network);
  for (const rows of [1, 5]) expect(await answer(changed, rows)).toEqual(await answer(network, rows));
});

test("what WebGPU has no kernel or no buffers for is gone", () => {
  const before = readModel(network).graph.node;
  const after = readModel(forWebgpu(network)).graph.node;
  const count = (nodes: typeof before, type: string) => nodes.filter(({ opType }) => opType === type).length;
  expect(count(before, "GatherND")).toBeGreaterThan(0);
  expect(count(after, "GatherND")).toBe(0);
  expect(Math.max(...before.map(({ output }) => output.length))).toBeGreaterThan(7);
  expect(Math.max(...after.map(({ output }) => output.length))).toBeLessThanOrEqual(7);
  expect(after.some(({ opType, input }) => opType === "Unsqueeze" && input[0] === "level")).toBe(false);
});

test("a network that is fine already stays as it is", () => {
  const once = forWebgpu(network);
  expect(Buffer.compare(forWebgpu(once), once)).toBe(0);
});

import type { OnnxNetwork } from "../../src/inference/onnx.js";
import { GaussianStream } from "../../src/sampling/noise.js";

/** What a network of 8 steps of two actions, 6 observed numbers and 20 levels answers to some noise in one row and in three. */
export async function questions(network: OnnxNetwork): Promise<number[]> {
  const all: number[] = [];
  for (const rows of [1, 3]) {
    const stream = new GaussianStream(rows);
    network.observe(stream.fill(new Float64Array(6)));
    const out = new Float64Array(rows * 16);
    const levels = Int32Array.from({ length: rows }, (_, k) => (7 * k + 3) % 20);
    await network.predictNoise(stream.fill(new Float64Array(rows * 16)), levels, rows, out);
    all.push(...out);
  }
  return all;
}

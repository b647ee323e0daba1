import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Numbers } from "../../src/onnx/tensor.js";
import { optimize } from "../../src/optimize/optimize.js";
import { rejoined } from "../../src/optimize/rejoined.js";
import { GaussianStream } from "../../src/sampling/noise.js";
import { noiseOf } from "./tiny-network.js";

const ROWS = 7;
const LEVELS = 20;

function feeds(): Map<string, Numbers> {
  const stream = new GaussianStream(ROWS);
  const floats = (...dims: number[]) => {
    const size = dims.reduce((product, side) => product * side, 1);
    return { dims, data: stream.fill(new Float64Array(size)), integer: false };
  };
  const level = Float64Array.from({ length: ROWS }, (_, row) => (row * 7 + 3) % LEVELS);
  return new Map<string, Numbers>([
    ["sample", floats(ROWS, 8, 2)],
    ["level", { dims: [ROWS], data: level, integer: true }],
    ["observation", floats(1, 6)],
  ]);
}

it("takes the observation again, and answers as the two graphs did", async () => {
  const network = new Uint8Array(await readFile(join("test", "optimize", "unet", "legacy.onnx")));
  const { graphs, observation } = await optimize(network, { levels: LEVELS });
  expect(observation).toBeDefined();
  for (const { bytes } of graphs.filter(({ precision }) => precision === "float32")) {
    const apart = await noiseOf(bytes, feeds(), observation);
    const together = await noiseOf(rejoined(bytes, observation), feeds());
    expect(together.dims).toEqual(apart.dims);
    together.data.forEach((value, k) => {
      expect(Math.abs(value - apart.data[k])).toBeLessThan(1e-5);
    });
  }
});

it("leaves a network whole that is", () => {
  const network = Uint8Array.of(1, 2, 3);
  expect(rejoined(network, undefined)).toBe(network);
});

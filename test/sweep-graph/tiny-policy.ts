import type { Numbers } from "../../src/onnx/tensor.js";
import { evaluateInOnnxruntime } from "../../src/optimize/evaluate.js";
import { cleanFromNoise, type Denoiser } from "../../src/sampling/denoiser.js";
import { squaredCosine } from "../../src/sampling/schedule.js";
import { LEVELS, OBSERVATION, TinyNetwork } from "../optimize/tiny-network.js";

export const SHAPE = { horizon: 3, dim: 2 };
export const SIZE = SHAPE.horizon * SHAPE.dim;
export const SCHEDULE = squaredCosine(LEVELS);

/** A small noise network that looks at its sample, level and observation, none of them linearly. */
export function tinyNoiseNetwork(seed: number): Uint8Array {
  const network = new TinyNetwork(seed);
  const op = (type: string, ...inputs: string[]) => network.op(type, inputs);
  const level = op("Unsqueeze", network.op("Cast", ["level"], { to: 1 }), network.integers([1]));
  const terms = [
    op("MatMul", network.reshape("sample", -1, SIZE), network.random(SIZE, 8)),
    op("MatMul", op("Sin", op("Mul", level, network.random(1, 4))), network.random(4, 8)),
    op("MatMul", "observation", network.random(OBSERVATION, 8)),
  ];
  const hidden = op(
    "Tanh",
    terms.reduce((sum, term) => op("Add", sum, term)),
  );
  const [left, right] = network.ops("Split", [hidden], 2, { axis: 1, num_outputs: 2 });
  const noise = op("MatMul", op("Add", left, op("Mul", right, right)), network.random(4, SIZE));
  const output = network.reshape(noise, -1, SHAPE.horizon, SHAPE.dim);
  return network.file(output, SHAPE.horizon, SHAPE.dim);
}

/** The same network as a denoiser for one observation, a call at a time. */
export function denoiserOf(network: Uint8Array, observation: Float64Array, clip = 1): Denoiser {
  return cleanFromNoise(
    {
      shape: SHAPE,
      async predictNoise(states, levels, rows, out) {
        const feeds = new Map<string, Numbers>([
          [
            "sample",
            { dims: [rows, SHAPE.horizon, SHAPE.dim], data: states.slice(0, rows * SIZE), integer: false },
          ],
          ["level", { dims: [rows], data: Float64Array.from(levels.subarray(0, rows)), integer: true }],
          ["observation", { dims: [1, observation.length], data: observation, integer: false }],
        ]);
        out.set((await evaluateInOnnxruntime(network, feeds)).get("noise")?.data ?? []);
      },
    },
    SCHEDULE,
    clip,
  );
}

import { GraphBuilder } from "../../onnx/graph-builder.js";
import { writeModel } from "../../onnx/model.js";
import { TensorProto_DataType } from "../../onnx/onnx_pb.js";
import { valueInfo } from "../../onnx/value.js";

const LEVELS = 5;
const CHANNELS = 8;
const LENGTH = 16;
const EPSILON = 1e-5;

/** Numbers without a pattern, in [-1, 1]. */
const numbers = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, k) => Math.sin(12.9898 * (k + 1) + 78.233 * seed));

const WEIGHTS = {
  table: { dims: [LEVELS, CHANNELS], data: numbers(LEVELS * CHANNELS, 1) },
  dense: { dims: [CHANNELS, CHANNELS], data: numbers(CHANNELS * CHANNELS, 2) },
  bias: { dims: [CHANNELS], data: numbers(CHANNELS, 3) },
  kernel: { dims: [CHANNELS, CHANNELS, 3], data: numbers(CHANNELS * CHANNELS * 3, 4) },
  scale: { dims: [LENGTH], data: numbers(LENGTH, 5) },
  shift: { dims: [LENGTH], data: numbers(LENGTH, 6) },
  mix: { dims: [LENGTH, LENGTH], data: numbers(LENGTH * LENGTH, 7) },
} as const;

/** What the probe is asked: three samples [3, 8, 16] and their noise levels. */
export const PROBE_INPUT = { rows: 3, levels: [4, 0, 2], sample: numbers(3 * CHANNELS * LENGTH, 8) } as const;
export const PROBE_SHAPE = [PROBE_INPUT.rows, CHANNELS, LENGTH] as const;

/**
 * A network of a few kilobytes with the operators that a denoiser lives on: a table of levels, a dense layer, a
 * convolution over time, a normalisation, a matrix product. `sample` [b, 8, 16] and `level` [b] give `noise` [b, 8, 16].
 */
export function probeModel(): Uint8Array {
  const graph = new GraphBuilder(new Set(["sample", "level", "noise"]));
  const weight = (name: keyof typeof WEIGHTS) => graph.floats(WEIGHTS[name].dims, WEIGHTS[name].data);
  const row = graph.op("Gather", [weight("table"), "level"], { axis: 0 });
  const film = graph.op("Gemm", [row, weight("dense"), weight("bias")]);
  const column = graph.op("Unsqueeze", [film, graph.integers([2])]);
  const kernel = { kernel_shape: [3], pads: [1, 1] };
  const convolved = graph.op("Conv", ["sample", weight("kernel"), weight("bias")], kernel);
  const conditioned = graph.op("Add", [convolved, column]);
  const normalised = graph.op("LayerNormalization", [conditioned, weight("scale"), weight("shift")], {
    axis: -1,
    epsilon: { float: EPSILON },
  });
  graph.rename(graph.op("MatMul", [normalised, weight("mix")]), "noise");
  const { FLOAT, INT64 } = TensorProto_DataType;
  const chunk = ["b", CHANNELS, LENGTH];
  const inputs = [valueInfo("sample", FLOAT, chunk), valueInfo("level", INT64, ["b"])];
  return writeModel(graph.model("probe", inputs, [valueInfo("noise", FLOAT, chunk)]));
}

/** What {@link probeModel} answers to {@link PROBE_INPUT}, reckoned here in double precision: [3, 8, 16]. */
export function probeAnswer(): Float64Array {
  const { rows, levels, sample } = PROBE_INPUT;
  const { table, dense, bias, kernel, scale, shift, mix } = WEIGHTS;
  const channels = [...Array(CHANNELS).keys()];
  const times = [...Array(LENGTH).keys()];
  const sum = (over: readonly number[], term: (k: number) => number) =>
    over.reduce((total, k) => total + term(k), 0);

  const answer: number[] = [];
  for (let row = 0; row < rows; row++) {
    const input = (channel: number, at: number) =>
      at < 0 || at >= LENGTH ? 0 : sample[(row * CHANNELS + channel) * LENGTH + at];
    for (const c of channels) {
      const film =
        bias.data[c] +
        sum(channels, (k) => table.data[levels[row] * CHANNELS + k] * dense.data[k * CHANNELS + c]);
      const conditioned = times.map(
        (t) =>
          film +
          bias.data[c] +
          sum(channels, (k) =>
            sum([0, 1, 2], (tap) => kernel.data[(c * CHANNELS + k) * 3 + tap] * input(k, t + tap - 1)),
          ),
      );
      const mean = sum(times, (t) => conditioned[t]) / LENGTH;
      const spread = Math.sqrt(sum(times, (t) => (conditioned[t] - mean) ** 2) / LENGTH + EPSILON);
      const normalised = conditioned.map(
        (each, t) => ((each - mean) / spread) * scale.data[t] + shift.data[t],
      );
      for (const out of times) answer.push(sum(times, (t) => normalised[t] * mix.data[t * LENGTH + out]));
    }
  }
  return Float64Array.from(answer);
}

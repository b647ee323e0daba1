import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readModel } from "../../src/onnx/model.js";
import type { Numbers } from "../../src/onnx/tensor.js";
import { evaluateInOnnxruntime } from "../../src/optimize/evaluate.js";
import { type Optimized, optimize } from "../../src/optimize/optimize.js";
import { GaussianStream } from "../../src/sampling/noise.js";
import { LEVELS, noiseOf, OBSERVATION, rewritten, TinyNetwork } from "./tiny-network.js";

const SHAPE = { horizon: 8, width: 2, rows: 5 };
const CHANNELS = 4;
const FEATURES = 6;

/** How the observation gets to the layers, from [1, OBSERVATION] to [., FEATURES]. */
const ENCODERS: Readonly<Record<string, (network: TinyNetwork, observation: string) => string>> = {
  "an MLP": (network, observation) => {
    const hidden = network.op("Gemm", [observation, network.random(OBSERVATION, 5), network.random(5)]);
    return network.op("MatMul", [network.op("Relu", [hidden]), network.random(5, FEATURES)]);
  },
  "convolutions on an image": (network, observation) => {
    const image = network.reshape(observation, -1, 1, 1, OBSERVATION);
    const features = network.op("Conv", [image, network.random(2, 1, 1, 2), network.random(2)], {
      pads: [0, 0, 0, 1],
    });
    return network.op("Flatten", [network.op("Relu", [features])], { axis: 1 });
  },
};

function repeated(network: TinyNetwork, tensor: string, width: number): string {
  const rows = network.op("Shape", ["level"]);
  return network.op("Expand", [tensor, network.op("Concat", [rows, network.integers([width])], { axis: 0 })]);
}

/** A convolution whose channels are scaled and shifted by what an encoder makes of the observation, and by the level. */
function encoded(encode: (network: TinyNetwork) => string, isLinear: boolean): Uint8Array {
  const network = new TinyNetwork(7);
  const level = network.op("Unsqueeze", [network.op("Cast", ["level"], { to: 1 }), network.integers([1])]);
  const ofLevel = network.op("Sin", [network.op("Mul", [level, network.random(1, 3)])]);
  const condition = network.op("Concat", [ofLevel, encode(network)], { axis: 1 });
  const joined = isLinear
    ? network.op("Mish", [condition])
    : network.op("CumSum", [condition, network.index(1)]);
  const terms = network.op("Gemm", [
    joined,
    network.random(3 + FEATURES, 2 * CHANNELS),
    network.random(2 * CHANNELS),
  ]);
  const [scale, shift] = network.ops(
    "Split",
    [network.op("Unsqueeze", [terms, network.integers([2])]), network.integers([CHANNELS, CHANNELS])],
    2,
    { axis: 1 },
  );
  const sample = network.op("Transpose", ["sample"], { perm: [0, 2, 1] });
  const x = network.op("Conv", [sample, network.random(CHANNELS, SHAPE.width, 3)], { pads: [1, 1] });
  const output = network.op("Add", [network.op("Mul", [scale, x]), shift]);
  return network.file(output, SHAPE.horizon, SHAPE.width);
}

const NETWORKS: [string, Uint8Array][] = Object.entries(ENCODERS).flatMap(([name, encode]) => [
  [`${name}, then repeated`, encoded((n) => repeated(n, encode(n, "observation"), FEATURES), true)],
  [
    `${name} of every sample's copy`,
    encoded((n) => encode(n, repeated(n, "observation", OBSERVATION)), true),
  ],
  [
    `${name}, before what is no linear map`,
    encoded((n) => repeated(n, encode(n, "observation"), FEATURES), false),
  ],
]);

function operators(bytes: Uint8Array): string[] {
  return readModel(bytes).graph.node.map(({ opType }) => opType);
}

it.each(NETWORKS)("computes an encoder once per tick: %s", async (_, network) => {
  const { graphs, observation, report, difference } = await rewritten(network, SHAPE);
  expect(difference).toBeLessThan(1e-5);
  expect(operators(observation as Uint8Array)).toContain("Relu");
  expect(report.once).toContainEqual({ name: "Relu", count: 1 });
  for (const { bytes } of graphs) {
    expect(operators(bytes)).not.toContain("Relu");
    const inputs = readModel(bytes).graph.input.map(({ name }) => name);
    expect(inputs.slice(0, 2)).toEqual(["sample", "level"]);
    expect(inputs).not.toContain("observation");
  }
});

it("leaves whole numbers where they are read: terms are float32", async () => {
  const network = new TinyNetwork(5);
  const warmest = network.op("ArgMax", [network.op("Exp", ["observation"])], { axis: 1, keepdims: 0 });
  const x = network.op(
    "Conv",
    [network.op("Transpose", ["sample"], { perm: [0, 2, 1] }), network.random(OBSERVATION, SHAPE.width, 3)],
    { pads: [1, 1] },
  );
  const channel = network.op("Gather", [x, warmest], { axis: 1 });
  const made = await rewritten(network.file(channel, SHAPE.horizon, SHAPE.width), SHAPE);
  expect(made.difference).toBeLessThan(1e-5);
  expect(operators(made.observation as Uint8Array)).toEqual(["Exp", "Identity"]);
  expect(made.report.kept.map(({ name }) => name)).toEqual(expect.arrayContaining(["ArgMax", "Gather"]));
});

it("gives the graphs the observation itself where nothing depends on it alone", async () => {
  const network = new TinyNetwork(2);
  const x = network.op("Conv", [
    network.op("Transpose", ["sample"], { perm: [0, 2, 1] }),
    network.random(2, SHAPE.width, 3),
  ]);
  const made = await rewritten(network.file(x, SHAPE.horizon, SHAPE.width), SHAPE);
  expect(made.observation).toBeUndefined();
  expect(made.difference).toBeLessThan(1e-5);
});

const UNET = { levels: 20, horizon: 8, width: 2, observation: 6 };

it.each([
  [
    "a tiny network behind an encoder",
    async () => NETWORKS[0][1],
    { levels: LEVELS, ...SHAPE, observation: OBSERVATION },
  ],
  ["a U-Net of the legacy exporter", async () => unet("legacy"), UNET],
  ["a U-Net of torch.export", async () => unet("dynamo"), UNET],
] as const)(
  "lets every row have an observation of its own: %s",
  async (_, read, { levels, horizon, width, observation }) => {
    const network = await read();
    const optimized = await optimize(network, { levels });
    const rows = 3;
    const stream = new GaussianStream(1);
    const random = (...dims: number[]): Numbers => {
      const size = dims.reduce((product, side) => product * side, 1);
      return { dims, data: stream.fill(new Float64Array(size)), integer: false };
    };
    const alone = Array.from(
      { length: rows },
      (__, row) =>
        new Map<string, Numbers>([
          ["sample", random(1, horizon, width)],
          ["level", { dims: [1], data: Float64Array.of(row + 4), integer: true }],
          ["observation", random(1, observation)],
        ]),
    );
    const together = await Promise.all(
      alone.map((feeds) => evaluateInOnnxruntime(optimized.observation as Uint8Array, feeds)),
    );
    const feeds = stacked(alone.map((each, k) => new Map([...each, ...together[k]])));
    for (const { bytes, precision } of optimized.graphs) {
      const found = await noiseOf(bytes, feeds);
      for (const [row, each] of alone.entries()) {
        const wanted = await noiseOf(network, each);
        const largest = Math.max(1, ...wanted.data.map(Math.abs));
        const own = found.data.slice(row * wanted.data.length, (row + 1) * wanted.data.length);
        const difference = Math.max(...own.map((value, k) => Math.abs(value - wanted.data[k]))) / largest;
        expect(difference).toBeLessThan(precision === "float32" ? 1e-5 : 1e-2);
      }
    }
  },
);

function stacked(rows: readonly ReadonlyMap<string, Numbers>[]): Map<string, Numbers> {
  return new Map(
    [...rows[0]].map(([name, { dims, integer }]) => {
      const data = Float64Array.from(rows.flatMap((row) => [...(row.get(name) as Numbers).data]));
      return [name, { dims: [rows.length, ...dims.slice(1)], data, integer }];
    }),
  );
}

async function unet(exporter: "legacy" | "dynamo"): Promise<Uint8Array> {
  return readFile(join("test", "optimize", "unet", `${exporter}.onnx`));
}

it("computes one tensor of terms for all layers of the U-Net", async () => {
  const made: Optimized = await optimize(await unet("dynamo"), UNET);
  expect(readModel(made.observation as Uint8Array).graph.output).toHaveLength(1);
  expect(made.report.once).toEqual([
    { name: "Mish", count: 1 },
    { name: "MatMul", count: 1 },
  ]);
});

import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Optimized } from "../../src/optimize/optimize.js";
import { rewritten, type Shape, TinyNetwork, timesMade } from "./tiny-network.js";

const ROUNDING = 1e-5;
const RUNS = { numRuns: 25 };

const shapes = fc.record({
  horizon: fc.constantFrom(4, 8, 16),
  width: fc.integer({ min: 1, max: 3 }),
  rows: fc.constantFrom(1, 2, 5, 9),
});
const seeds = fc.nat(1000);

/** Takes the sample to [batch, width, horizon]. */
function channelsFirst(network: TinyNetwork): string {
  return network.op("Transpose", ["sample"], { perm: [0, 2, 1] });
}

async function expectRewritten(
  network: TinyNetwork,
  output: string,
  shape: Shape,
  rewrites: Readonly<Record<string, number>>,
): Promise<Optimized> {
  const made = await rewritten(network.file(output, shape.horizon, shape.width), shape);
  expect(made.graphs.map(({ name }) => name)).toEqual(["small", "large", "gpu"]);
  for (const [name, count] of Object.entries(rewrites))
    expect([name, timesMade(made, name)]).toEqual([name, count]);
  expect(made.difference).toBeLessThan(ROUNDING);
  return made;
}

it("rewrites Conv1d of any kernel, stride and padding", async () => {
  const convolutions = fc.record({
    shape: shapes,
    seed: seeds,
    kernel: fc.constantFrom(1, 2, 3, 5, 7, 9),
    stride: fc.integer({ min: 1, max: 3 }),
    padding: fc.tuple(fc.nat(3), fc.nat(3)),
    to: fc.integer({ min: 1, max: 6 }),
    bias: fc.boolean(),
  });
  const fits = convolutions.filter(
    ({ shape, kernel, padding }) => shape.horizon + padding[0] + padding[1] >= kernel,
  );
  await fc.assert(
    fc.asyncProperty(fits, async ({ shape, seed, kernel, stride, padding, to, bias }) => {
      const network = new TinyNetwork(seed);
      const weights = [network.random(to, shape.width, kernel), ...(bias ? [network.random(to)] : [])];
      const output = network.op("Conv", [channelsFirst(network), ...weights], {
        kernel_shape: [kernel],
        strides: [stride],
        pads: padding,
      });
      const name = `convolution of ${kernel}${stride > 1 ? ` by ${stride}` : ""}`;
      const { report } = await expectRewritten(network, output, shape, { [name]: 1 });
      expect(report.kept).toEqual([]);
    }),
    RUNS,
  );
});

it("rewrites ConvTranspose1d", async () => {
  const convolutions = fc.record({
    shape: shapes,
    seed: seeds,
    kind: fc.constantFrom([4, 2, 1, 0], [3, 2, 1, 1], [2, 2, 0, 0], [6, 3, 2, 1], [3, 1, 1, 0]),
    to: fc.integer({ min: 1, max: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(convolutions, async ({ shape, seed, kind: [kernel, stride, padding, more], to }) => {
      const network = new TinyNetwork(seed);
      const weights = [network.random(shape.width, to, kernel), network.random(to)];
      const output = network.op("ConvTranspose", [channelsFirst(network), ...weights], {
        kernel_shape: [kernel],
        strides: [stride],
        pads: [padding, padding],
        output_padding: [more],
      });
      const name = `convolution of ${kernel}${stride > 1 ? `, transposed by ${stride}` : ""}`;
      await expectRewritten(network, output, shape, { [name]: 1 });
    }),
    RUNS,
  );
});

it.each(["exported", "operator"])("rewrites GroupNorm, as %s, alone and before Mish", async (way) => {
  const norms = fc.record({
    shape: shapes,
    seed: seeds,
    groups: fc.constantFrom(1, 2, 4),
    size: fc.integer({ min: 2, max: 3 }),
    withMish: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(norms, async ({ shape, seed, groups, size, withMish }) => {
      const network = new TinyNetwork(seed);
      const channels = groups * size;
      const x = network.op("Conv", [channelsFirst(network), network.random(channels, shape.width, 1)]);
      let normed: string;
      if (way === "operator") {
        const numbers = [network.random(channels), network.random(channels)];
        normed = network.op("GroupNormalization", [x, ...numbers], { num_groups: groups });
      } else {
        const flat = [
          network.floats([groups], new Array(groups).fill(1)),
          network.floats([groups], new Array(groups).fill(0)),
        ];
        const grouped = network.op("InstanceNormalization", [network.reshape(x, 0, groups, -1), ...flat]);
        const back = network.op("Reshape", [grouped, network.op("Shape", [x])]);
        const scaled = network.op("Mul", [back, network.random(channels, 1)]);
        normed = network.op("Add", [scaled, network.random(channels, 1)]);
      }
      const output = withMish ? network.op("Mish", [normed]) : normed;
      await expectRewritten(network, output, shape, { "group norm": 1, Mish: Number(withMish) });
    }),
    RUNS,
  );
});

it("rewrites a group norm from moments over [batch, steps, groups, channels], and the ratio form of Mish", async () => {
  const cases = fc.record({
    shape: shapes,
    seed: seeds,
    groups: fc.constantFrom(1, 2),
    size: fc.constantFrom(2, 3),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, seed, groups, size }) => {
      const network = new TinyNetwork(seed);
      const channels = groups * size;
      const op = (type: string, ...inputs: string[]) => network.op(type, inputs);
      const product = op("MatMul", "sample", network.random(shape.width, channels));
      const x = network.reshape(
        op("Add", product, network.floats([], [0.1])),
        -1,
        shape.horizon,
        groups,
        size,
      );
      const axes = network.integers([1, 3]);
      const mean = op("ReduceMean", x, axes);
      const variance = op("Sub", op("ReduceMean", op("Mul", x, x), axes), op("Mul", mean, mean));
      const deviation = op("Sqrt", op("Add", variance, network.floats([], [1e-5])));
      const scale = op("Mul", op("Reciprocal", deviation), network.random(groups, size));
      const shift = op("Sub", network.random(groups, size), op("Mul", mean, scale));
      const u = network.reshape(op("Add", op("Mul", x, scale), shift), -1, shape.horizon, channels);
      const two = network.floats([], [2]);
      const n = op("Exp", op("Clip", u, "", network.floats([], [20])));
      const q = op("Mul", n, op("Add", n, two));
      const output = op("Mul", u, op("Div", q, op("Add", q, two)));
      await expectRewritten(network, output, shape, { "group norm": 1, Mish: 1 });
    }),
    RUNS,
  );
});

it("rewrites convolutions and their transposes written as slices side by side", async () => {
  const cases = fc.record({
    shape: shapes,
    seed: seeds,
    kernel: fc.constantFrom(1, 3, 5),
    stride: fc.constantFrom(1, 2),
    to: fc.integer({ min: 1, max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, seed, kernel, stride, to }) => {
      const network = new TinyNetwork(seed);
      const slices = (x: string, channels: number, first: readonly number[], taps: number) => {
        const index = first.flatMap((start) => Array.from({ length: taps }, (_, tap) => start + tap));
        const gathered = network.op("Gather", [x, network.integers(index)], { axis: 1 });
        const rows = network.reshape(gathered, -1, first.length, taps * channels);
        const product = network.op("MatMul", [rows, network.random(taps * channels, to)]);
        return network.op("Add", [product, network.random(to)]);
      };
      const padded = (x: string, by: number) =>
        network.op("Pad", [x, network.integers([0, by, 0, 0, by, 0])]);
      const half = Math.floor(kernel / 2);
      const steps = shape.horizon / stride;
      const starts = Array.from({ length: steps }, (_, i) => i * stride);
      const x = slices(padded("sample", half), shape.width, starts, kernel);
      const around = padded(x, 1);
      const each = Array.from({ length: steps }, (_, i) => i);
      const even = slices(around, to, each, 2);
      const odd = slices(
        around,
        to,
        each.map((i) => i + 1),
        2,
      );
      const output = network.reshape(network.op("Concat", [even, odd], { axis: -1 }), -1, 2 * steps, to);
      const name = `convolution of ${kernel}${stride > 1 ? " by 2" : ""}`;
      await expectRewritten(network, output, shape, { [name]: 1, "convolution of 4, transposed by 2": 1 });
    }),
    RUNS,
  );
});

it("rewrites Mish from Softplus and Tanh without losing its ends", async () => {
  const shape = { horizon: 4, width: 1, rows: 9 };
  const network = new TinyNetwork(1);
  const x = network.op("Conv", [channelsFirst(network), network.floats([2, 1, 1], [60, -60])]);
  const output = network.op("Mul", [x, network.op("Tanh", [network.op("Softplus", [x])])]);
  await expectRewritten(network, output, shape, { Mish: 1 });
});

it.each(["split", "gathered", "sliced"])(
  "rewrites FiLM that was %s off, as a table over the levels",
  async (way) => {
    const cases = fc.record({ shape: shapes, seed: seeds, channels: fc.integer({ min: 1, max: 4 }) });
    await fc.assert(
      fc.asyncProperty(cases, async ({ shape, seed, channels }) => {
        const network = new TinyNetwork(seed);
        const op = (type: string, ...inputs: string[]) => network.op(type, inputs);
        const angle = op(
          "Mul",
          op("Unsqueeze", network.op("Cast", ["level"], { to: 1 }), network.integers([1])),
          network.random(1, 4),
        );
        const size = network.op("Concat", [op("Shape", "level"), network.integers([-1])], { axis: 0 });
        const whole = op("Where", op("Equal", size, network.integers([-1])), network.integers([1]), size);
        const condition = network.op("Concat", [op("Sin", angle), op("Expand", "observation", whole)], {
          axis: -1,
        });
        const weights = [network.random(2 * channels, 7), network.random(2 * channels)];
        const film = network.op("Gemm", [op("Mish", condition), ...weights], { transB: 1 });
        const bounds = (...values: number[]) => values.map((value) => network.integers([value]));
        const lifted = op("Unsqueeze", film, network.integers([2]));
        const [scale, shift] =
          way === "split"
            ? network.ops("Split", [lifted, network.integers([channels, channels])], 2, { axis: 1 })
            : [0, 1].map((half) =>
                way === "gathered"
                  ? network.op("Gather", [network.reshape(film, -1, 2, channels, 1), network.index(half)], {
                      axis: 1,
                    })
                  : op("Slice", lifted, ...bounds(half * channels, (half + 1) * channels, 1)),
              );
        const x = network.op("Conv", [channelsFirst(network), network.random(channels, shape.width, 1)]);
        const output = op("Add", op("Mul", scale, x), shift);
        const { report } = await expectRewritten(network, output, shape, {
          FiLM: 2,
          "FiLM map as a table": 1,
        });
        expect(report.kept).toEqual([]);
      }),
      RUNS,
    );
  },
);

it("keeps residuals, concatenations and other activations in the new layout", async () => {
  const cases = fc.record({ shape: shapes, seed: seeds });
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, seed }) => {
      const network = new TinyNetwork(seed);
      const sample = channelsFirst(network);
      const a = network.op("Conv", [sample, network.random(4, shape.width, 1)]);
      const b = network.op("Relu", [network.op("Conv", [sample, network.random(4, shape.width, 1)])]);
      const both = network.op("Concat", [network.op("Add", [a, b]), a], { axis: 1 });
      const output = network.op("Transpose", [both], { perm: [0, 2, 1] });
      const { report } = await expectRewritten(network, output, shape, { "convolution of 1": 2 });
      expect(report.kept).toEqual([]);
    }),
    RUNS,
  );
});

it("leaves what it does not know between layers that it does as it is", async () => {
  const shape = { horizon: 8, width: 2, rows: 5 };
  const network = new TinyNetwork(3);
  const x = network.op("Conv", [channelsFirst(network), network.random(4, 2, 3)], { pads: [1, 1] });
  const sorted = network.op("CumSum", [x, network.index(2)]);
  const grouped = network.op("Conv", [sorted, network.random(4, 2, 3)], { pads: [1, 1], group: 2 });
  const output = network.op("Conv", [grouped, network.random(2, 4, 5)], { pads: [2, 2] });
  const { report } = await expectRewritten(network, output, shape, {
    "convolution of 3": 1,
    "convolution of 5": 1,
  });
  expect(report.kept).toEqual([
    { name: "CumSum", count: 1 },
    { name: "Conv", count: 1 },
  ]);
});

it("makes no graphs of a network without a layer that it knows", async () => {
  const network = new TinyNetwork(4);
  const output = network.op("CumSum", ["sample", network.index(1)]);
  const made = await rewritten(network.file(output, 8, 2), { horizon: 8, width: 2, rows: 2 });
  expect(made.graphs).toEqual([]);
  expect(made.report).toEqual({ rewrites: [], once: [], kept: [{ name: "CumSum", count: 1 }] });
});

it("copies thousands of nodes in a row", async () => {
  const shape = { horizon: 4, width: 1, rows: 2 };
  const network = new TinyNetwork(5);
  let x = network.op("Conv", [channelsFirst(network), network.random(1, 1, 3)], { pads: [1, 1] });
  for (let k = 0; k < 2000; k++) x = network.op("Floor", [x]);
  await expectRewritten(network, x, shape, { "convolution of 3": 1 });
});

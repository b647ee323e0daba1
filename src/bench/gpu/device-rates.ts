import * as ort from "onnxruntime-node";
import { openGraph } from "../../inference/open-graph.js";
import type { Runtime } from "../../inference/runtime.js";
import { GraphBuilder } from "../../onnx/graph-builder.js";
import { writeModel } from "../../onnx/model.js";
import { type ModelProto, TensorProto_DataType, type ValueInfoProto } from "../../onnx/onnx_pb.js";
import { valueInfo } from "../../onnx/value.js";
import { medianMs } from "./timing.js";

/** What the device does at most, measured through onnxruntime on the provider that runs the network. */
export interface DeviceRates {
  /** Bytes read and written. */
  readonly gb_per_s: number | null;
  /** Of large matrix products, by the format of their numbers: as the provider computes them, which may be tf32. */
  readonly gflop_per_s: Readonly<Record<string, number>>;
  /** What one small operator more costs a call, in milliseconds. */
  readonly launch_ms: number | null;
  /** What could not be measured, and why. */
  readonly unknown: readonly string[];
}

const { FLOAT, FLOAT16 } = TensorProto_DataType;
/** Operators between the two graphs whose times are subtracted, so that call, copies and set-up cancel. */
const MORE = 8;
const LAUNCHES = 200;
/** A difference as long as this stands clear of the clock and of a launch. */
const LONG_ENOUGH_MS = 20;
const ROUNDS = 5;
const SIDES = [256, 512, 1024, 2048, 4096, 8192];
/** Rows of 4,096 numbers; the largest buffer is 256 MB, far beyond any cache. */
const STREAM_ROWS = [256, 1024, 4096, 16384];
const STREAM_WIDTH = 4096;

export async function measureRates(runtime: Runtime, progress: (what: string) => void): Promise<DeviceRates> {
  const unknown: string[] = [];
  const attempt = async (what: string, measure: () => Promise<number | null>): Promise<number | null> => {
    progress(`rates: ${what}`);
    try {
      return await measure();
    } catch (error) {
      unknown.push(`${what}: ${(error as Error).message.split("\n")[0].slice(0, 200)}`);
      return null;
    }
  };
  const gflop: Record<string, number> = {};
  for (const [name, type] of [
    ["float32", FLOAT],
    ["float16", FLOAT16],
  ] as const) {
    const rate = await attempt(`${name} matrix products`, () => matrixRate(runtime, type));
    if (rate) gflop[name] = rate;
  }
  return {
    gb_per_s: await attempt("memory", () => streamRate(runtime)),
    gflop_per_s: gflop,
    launch_ms: await attempt("launches", () => launchCost(runtime)),
    unknown,
  };
}

/** Of ever larger products, until they take long enough to be measured. */
async function matrixRate(runtime: Runtime, type: number): Promise<number | null> {
  return largest(SIDES, async (side) => {
    const ms = await difference(runtime, (count) => matrixChain(side, count, type), MORE);
    return { ms, rate: (2 * side ** 3) / (ms / MORE) / 1e6 };
  });
}

async function streamRate(runtime: Runtime): Promise<number | null> {
  return largest(STREAM_ROWS, async (rows) => {
    const ms = await difference(runtime, (count) => scalingChain(rows, STREAM_WIDTH, count), MORE);
    return { ms, rate: (2 * 4 * rows * STREAM_WIDTH) / (ms / MORE) / 1e6 };
  });
}

async function launchCost(runtime: Runtime): Promise<number> {
  return (await difference(runtime, (count) => scalingChain(1, 64, count), LAUNCHES)) / LAUNCHES;
}

/** The first size that takes long enough, or the last that the device could take. */
async function largest(
  sizes: readonly number[],
  measure: (size: number) => Promise<{ readonly ms: number; readonly rate: number }>,
): Promise<number | null> {
  let best: number | null = null;
  for (const size of sizes) {
    let found: { readonly ms: number; readonly rate: number };
    try {
      found = await measure(size);
    } catch (error) {
      if (best === null) throw error;
      return best;
    }
    // Noise may make the longer graph the faster one while both are short.
    if (found.ms > 0) best = found.rate;
    if (found.ms >= LONG_ENOUGH_MS) break;
  }
  return best;
}

/** Milliseconds that so many operators more take. */
async function difference(
  runtime: Runtime,
  chain: (count: number) => ModelProto,
  more: number,
): Promise<number> {
  const [short, long] = [await callMs(runtime, chain(1)), await callMs(runtime, chain(1 + more))];
  return long - short;
}

async function callMs(runtime: Runtime, model: ModelProto): Promise<number> {
  const session = await openGraph(`the graph of ${model.graph?.name}`, writeModel(model), runtime);
  try {
    const feeds: Record<string, ort.Tensor> = {};
    for (const value of session.inputMetadata) {
      if (!value.isTensor) continue;
      const dims = value.shape.map(Number);
      const size = dims.reduce((product, side) => product * side, 1);
      feeds[value.name] = new ort.Tensor(
        "float32",
        Float32Array.from({ length: size }, (_, k) => 1 + ((k * 0.618) % 1)),
        dims,
      );
    }
    return await medianMs(() => session.run(feeds), ROUNDS);
  } finally {
    await session.release();
  }
}

/** y ← W·y, so many times. W is made on the device, full of different numbers, and large enough to keep y in range. */
export function matrixChain(side: number, count: number, type: number): ModelProto {
  const graph = new GraphBuilder(TAKEN);
  const outer = graph.op("Mul", ["column", "row"]);
  const waves = graph.op("Sin", [graph.op("Mul", [outer, graph.floats([], [977])])]);
  const weights = graph.op("Mul", [waves, graph.floats([], [Math.sqrt(2 / side)])]);
  const matrix = type === FLOAT ? weights : graph.op("Cast", [weights], { to: type });
  let y = matrix;
  for (let k = 0; k < count; k++) y = graph.op("MatMul", [matrix, y]);
  const inputs = [valueInfo("column", FLOAT, [side, 1]), valueInfo("row", FLOAT, [1, side])];
  return finished(
    graph,
    type === FLOAT ? y : graph.op("Cast", [y], { to: FLOAT }),
    inputs,
    "matrix products",
  );
}

/** y ← y·scale, so many times. */
export function scalingChain(rows: number, width: number, count: number): ModelProto {
  const graph = new GraphBuilder(TAKEN);
  let y = graph.op("Expand", ["row", graph.integers([rows, width])]);
  for (let k = 0; k < count; k++) y = graph.op("Mul", [y, "scale"]);
  const inputs = [valueInfo("row", FLOAT, [1, width]), valueInfo("scale", FLOAT, [1])];
  return finished(graph, y, inputs, "scalings");
}

const TAKEN = new Set(["row", "column", "scale", "mean"]);

/** Gives out one number, so that the answer costs nothing to copy. */
function finished(graph: GraphBuilder, y: string, input: ValueInfoProto[], name: string): ModelProto {
  graph.rename(graph.op("ReduceMean", [y, graph.integers([0, 1])]), "mean");
  return graph.model(name, input, [valueInfo("mean", FLOAT, [1, 1])]);
}

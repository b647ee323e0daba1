import { create } from "@bufbuild/protobuf";
import { GraphBuilder } from "../../src/onnx/graph-builder.js";
import { writeModel } from "../../src/onnx/model.js";
import {
  GraphProtoSchema,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType,
  ValueInfoProtoSchema,
} from "../../src/onnx/onnx_pb.js";
import type { Numbers } from "../../src/onnx/tensor.js";
import { valueInfo } from "../../src/onnx/value.js";
import { evaluateInOnnxruntime } from "../../src/optimize/evaluate.js";
import { type Optimized, optimize } from "../../src/optimize/optimize.js";
import { GaussianStream } from "../../src/sampling/noise.js";

export const LEVELS = 10;
export const OBSERVATION = 3;

/** A graph under construction: nodes and random weights. */
export class TinyNetwork extends GraphBuilder {
  readonly #stream: GaussianStream;

  constructor(seed: number) {
    super();
    this.#stream = new GaussianStream(seed);
  }

  random(...dims: readonly number[]): string {
    const size = dims.reduce((product, side) => product * side, 1);
    return this.floats(dims, this.#stream.fill(new Float64Array(size)));
  }

  /** A whole number as a tensor without dimensions. */
  index(value: number): string {
    return this.op("Squeeze", [this.integers([value])]);
  }

  /** The ONNX file; its sample is [batch, horizon, width], and the output any tensor. */
  file(output: string, horizon: number, width: number): Uint8Array {
    this.rename(output, "noise");
    const { FLOAT, INT64 } = TensorProto_DataType;
    const graph = create(GraphProtoSchema, {
      name: "tiny",
      node: this.nodes,
      initializer: this.weights,
      input: [
        valueInfo("sample", FLOAT, ["batch", horizon, width]),
        valueInfo("level", INT64, ["batch"]),
        valueInfo("observation", FLOAT, [1, OBSERVATION]),
      ],
      output: [create(ValueInfoProtoSchema, { name: "noise" })],
    });
    const opsetImport = [create(OperatorSetIdProtoSchema, { version: 21n })];
    return writeModel(create(ModelProtoSchema, { irVersion: 9n, opsetImport, graph }));
  }
}

export interface Shape {
  readonly horizon: number;
  readonly width: number;
  readonly rows: number;
}

/** What a network answers to random inputs, or a graph that takes what another one makes of the observation. */
export async function answer(
  network: Uint8Array,
  { horizon, width, rows }: Shape,
  observation?: Uint8Array,
): Promise<Numbers> {
  const stream = new GaussianStream(rows, 1);
  const gaussian = (size: number) => stream.fill(new Float64Array(size));
  const level = Float64Array.from({ length: rows }, (_, row) => (row * 7 + 3) % LEVELS);
  const feeds = new Map<string, Numbers>([
    ["sample", { dims: [rows, horizon, width], data: gaussian(rows * horizon * width), integer: false }],
    ["level", { dims: [rows], data: level, integer: true }],
    ["observation", { dims: [1, OBSERVATION], data: gaussian(OBSERVATION), integer: false }],
  ]);
  return noiseOf(network, feeds, observation);
}

/** A graph's answer; where it takes terms of the observation, they are computed from the feeds' first. */
export async function noiseOf(
  network: Uint8Array,
  feeds: ReadonlyMap<string, Numbers>,
  observation?: Uint8Array,
): Promise<Numbers> {
  const terms = observation ? await evaluateInOnnxruntime(observation, feeds) : new Map<string, Numbers>();
  return (await evaluateInOnnxruntime(network, new Map([...feeds, ...terms]))).get("noise") as Numbers;
}

/** Rewrites a network, and the largest difference of any of its graphs to it, as a share of its largest number. */
export async function rewritten(
  network: Uint8Array,
  shape: Shape,
): Promise<Optimized & { readonly difference: number }> {
  const optimized = await optimize(network, { levels: LEVELS });
  const wanted = await answer(network, shape);
  const largest = Math.max(1, ...wanted.data.map(Math.abs));
  let difference = 0;
  for (const { bytes, precision } of optimized.graphs) {
    if (precision === "float16") continue;
    const found = await answer(bytes, shape, optimized.observation);
    if (found.dims.join() !== wanted.dims.join()) throw new Error(`[${found.dims}] is not [${wanted.dims}]`);
    found.data.forEach((value, k) => {
      difference = Math.max(difference, Math.abs(value - wanted.data[k]) / largest);
    });
  }
  return { ...optimized, difference };
}

/** How often a rewrite was made, by its name. */
export function timesMade({ report }: Optimized, name: string): number {
  return report.rewrites
    .filter((rewrite) => rewrite.name === name)
    .reduce((sum, { count }) => sum + count, 0);
}

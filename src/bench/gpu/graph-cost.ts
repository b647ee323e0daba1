import { create } from "@bufbuild/protobuf";
import * as ort from "onnxruntime-node";
import { integer } from "../../onnx/attributes.js";
import { type Model, readModel, writeModel } from "../../onnx/model.js";
import {
  GraphProtoSchema,
  type NodeProto,
  TensorProto_DataType,
  ValueInfoProtoSchema,
} from "../../onnx/onnx_pb.js";

/** The least that one network call can cost a device, and what it costs as the graph is written. */
export interface CallCost {
  readonly rows: number;
  /** 2 × multiply-adds of matrix products and convolutions, by the format of their numbers. */
  readonly flop: Readonly<Record<string, number>>;
  /** Each weight once, and the graph's inputs and outputs: what a perfectly fused network would move. */
  readonly least_bytes: number;
  /** Each weight once, and what every operator reads and writes: what a device moves that fuses nothing. */
  readonly written_bytes: number;
  readonly operators: number;
}

/** A tensor of the graph: its sides at one row and what each grows by per further row, which is 0 or the batch. */
interface Shape {
  readonly type: string;
  readonly one: readonly number[];
  readonly growth: readonly number[];
}

/** Operators that only rename what is in memory. */
const VIEWS = new Set(["Reshape", "Unsqueeze", "Squeeze", "Identity", "Flatten"]);
/** Read a few rows of a table. */
const LOOKUPS = new Set(["Gather", "GatherND", "Slice"]);
const BYTES: Readonly<Record<string, number>> = { float32: 4, float16: 2, int64: 8, int32: 4, bool: 1 };
const TYPE_NAMES = new Map<number, string>([
  [TensorProto_DataType.FLOAT, "float32"],
  [TensorProto_DataType.FLOAT16, "float16"],
  [TensorProto_DataType.INT64, "int64"],
  [TensorProto_DataType.INT32, "int32"],
]);

/**
 * Counts what calls of a network cost. The shapes are not inferred but seen: the graph is run on the CPU with one row and
 * with two, giving out every tensor it has.
 */
export async function callCosts(network: Uint8Array, batches: readonly number[]): Promise<CallCost[]> {
  const model = readModel(network);
  const shapes = await shapesOf(model);
  return batches.map((rows) => costOfCall(model, shapes, rows));
}

async function shapesOf(model: Model): Promise<ReadonlyMap<string, Shape>> {
  const { graph } = model;
  const given = new Set([...graph.input, ...graph.initializer].map(({ name }) => name));
  const made = graph.node.flatMap(({ output }) => output).filter((name) => name !== "" && !given.has(name));
  const open = create(GraphProtoSchema, {
    ...graph,
    output: made.map((name) => create(ValueInfoProtoSchema, { name })),
  });
  const session = await ort.InferenceSession.create(writeModel({ ...model, graph: open }), {
    executionProviders: ["cpu"],
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 3,
  });
  try {
    const seen: Record<string, ort.Tensor>[] = [];
    for (const rows of [1, 2])
      seen.push({ ...(await session.run(feedsOf(session, rows))), ...feedsOf(session, rows) });
    const [one, two] = seen;
    const shapes = new Map<string, Shape>();
    for (const [name, { dims, type }] of Object.entries(one)) {
      shapes.set(name, { type, one: dims, growth: two[name].dims.map((side, k) => side - dims[k]) });
    }
    for (const { name, dims, dataType } of graph.initializer) {
      const sides = dims.map(Number);
      shapes.set(name, {
        type: TYPE_NAMES.get(dataType) ?? "float32",
        one: sides,
        growth: sides.map(() => 0),
      });
    }
    return shapes;
  } finally {
    await session.release();
  }
}

function feedsOf(session: ort.InferenceSession, rows: number): Record<string, ort.Tensor> {
  const feeds: Record<string, ort.Tensor> = {};
  for (const value of session.inputMetadata) {
    if (!value.isTensor) continue;
    const dims = value.shape.map((side) => (typeof side === "number" ? side : rows));
    const size = dims.reduce((product, side) => product * side, 1);
    const isWhole = value.type === "int64";
    const data = isWhole ? new BigInt64Array(size) : new Float32Array(size);
    feeds[value.name] = new ort.Tensor(isWhole ? "int64" : "float32", data as Float32Array, dims);
  }
  return feeds;
}

function costOfCall({ graph }: Model, shapes: ReadonlyMap<string, Shape>, rows: number): CallCost {
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const sides = (name: string): readonly number[] => {
    const shape = shapes.get(name);
    return shape ? shape.one.map((side, k) => side + (rows - 1) * shape.growth[k]) : [];
  };
  const bytes = (name: string) =>
    shapes.has(name) ? product(sides(name)) * (BYTES[shapes.get(name)?.type ?? ""] ?? 4) : 0;

  const flop: Record<string, number> = {};
  const read = new Map<string, number>();
  let activations = 0;
  for (const node of graph.node) {
    const { input, output, opType } = node;
    const operations = 2 * multiplyAdds(node, sides);
    const type = shapes.get(input[0])?.type ?? "float32";
    if (operations > 0) flop[type] = (flop[type] ?? 0) + operations;
    const written = output.reduce((sum, name) => sum + bytes(name), 0);
    for (const name of input) {
      if (!weights.has(name)) continue;
      const part = LOOKUPS.has(opType) ? Math.min(written, bytes(name)) : bytes(name);
      read.set(name, Math.max(read.get(name) ?? 0, part));
    }
    if (VIEWS.has(opType)) continue;
    const taken = input.filter((name) => !weights.has(name)).map(bytes);
    const most = LOOKUPS.has(opType)
      ? Math.min(written, taken[0] ?? 0)
      : taken.reduce((sum, size) => sum + size, 0);
    activations += most + written;
  }
  const once = [...read.values()].reduce((sum, size) => sum + size, 0);
  const ends = [...graph.input, ...graph.output].filter(({ name }) => !weights.has(name));
  const outside = ends.reduce((sum, { name }) => sum + bytes(name), 0);
  return {
    rows,
    flop,
    least_bytes: once + outside,
    written_bytes: once + activations,
    operators: graph.node.filter(({ opType }) => !VIEWS.has(opType)).length,
  };
}

function multiplyAdds(node: NodeProto, sides: (name: string) => readonly number[]): number {
  const { input, output, opType } = node;
  const out = product(sides(output[0]));
  switch (opType) {
    case "MatMul":
      return out * (sides(input[0]).at(-1) ?? 1);
    case "Gemm":
      return out * sides(input[0])[integer(node, "transA", 0) === 1 ? 0 : 1];
    case "Conv":
      // [out, in / groups, kernel…]
      return out * product(sides(input[1]).slice(1));
    case "ConvTranspose":
      // [in, out / groups, kernel…]: every input meets every weight of its channel.
      return product(sides(input[0])) * product(sides(input[1]).slice(1));
    default:
      return 0;
  }
}

function product(sides: readonly number[]): number {
  return sides.reduce((size, side) => size * side, 1);
}

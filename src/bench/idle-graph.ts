import { create } from "@bufbuild/protobuf";
import * as ort from "onnxruntime-node";
import { openGraph } from "../inference/open-graph.js";
import type { Runtime } from "../inference/runtime.js";
import { writeModel } from "../onnx/model.js";
import { GraphProtoSchema, ModelProtoSchema, OperatorSetIdProtoSchema } from "../onnx/onnx_pb.js";
import { tensorInfo } from "../onnx/value.js";
import { GraphBuilder } from "../optimize/graph-builder.js";

/** What goes into a call or comes out of it: float32, by its name. */
export type Sizes = Readonly<Record<string, readonly number[]>>;

/**
 * A graph with these inputs and outputs that computes next to nothing: every output is made of one number, and needs every
 * input. What a call of it takes is what any call with these inputs and outputs takes at the least.
 */
export function idleGraph(inputs: Sizes, outputs: Sizes): Uint8Array {
  const graph = new GraphBuilder();
  const numbers = Object.keys(inputs).map((name) => graph.op("ReduceMax", [name], { keepdims: 0 }));
  const number = numbers.reduce((sum, next) => graph.op("Add", [sum, next]));
  for (const [name, dims] of Object.entries(outputs)) {
    const zeros = new Float32Array(dims.reduce((size, side) => size * side, 1));
    graph.rename(graph.op("Add", [graph.floats(dims, zeros), number]), name);
  }
  const values = (sizes: Sizes) => Object.entries(sizes).map(([name, dims]) => tensorInfo(name, dims));
  return writeModel(
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [create(OperatorSetIdProtoSchema, { version: 18n })],
      graph: create(GraphProtoSchema, {
        name: "idle",
        node: graph.nodes,
        initializer: graph.weights,
        input: values(inputs),
        output: values(outputs),
      }),
    }),
  );
}

/** An idle graph that is ready to be called. */
export interface Idle {
  readonly call: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openIdle(inputs: Sizes, outputs: Sizes, runtime: Runtime): Promise<Idle> {
  const session = await openGraph("the idle graph", idleGraph(inputs, outputs), runtime);
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, dims]) => {
      const size = dims.reduce((product, side) => product * side, 1);
      return [name, new ort.Tensor("float32", new Float32Array(size), dims)];
    }),
  );
  return {
    async call() {
      await session.run(feeds);
    },
    close: () => session.release(),
  };
}

import * as ort from "onnxruntime-node";
import { openGraph } from "../inference/open-graph.js";
import type { Runtime } from "../inference/runtime.js";
import { GraphBuilder } from "../onnx/graph-builder.js";
import { writeModel } from "../onnx/model.js";
import { TensorProto_DataType } from "../onnx/onnx_pb.js";
import { valueInfo } from "../onnx/value.js";
import { type Manifest, observationWidth } from "../policy/manifest.js";

/** What goes into a call or comes out of it: float32, by its name. */
export type Sizes = Readonly<Record<string, readonly number[]>>;

/**
 * A graph with these inputs and outputs that computes next to nothing: every output is made of one number, and needs every
 * input. What a call of it takes is what any call with these inputs and outputs takes at the least.
 */
export function idleGraph(inputs: Sizes, outputs: Sizes): Uint8Array {
  const graph = new GraphBuilder(new Set([...Object.keys(inputs), ...Object.keys(outputs)]));
  const numbers = Object.keys(inputs).map((name) => graph.op("ReduceMax", [name], { keepdims: 0 }));
  const number = numbers.reduce((sum, next) => graph.op("Add", [sum, next]));
  for (const [name, dims] of Object.entries(outputs)) {
    graph.rename(graph.op("Add", [graph.floats(dims, new Float32Array(sizeOf(dims))), number]), name);
  }
  const values = (sizes: Sizes) =>
    Object.entries(sizes).map(([name, dims]) => valueInfo(name, TensorProto_DataType.FLOAT, dims));
  return writeModel(graph.model("idle", values(inputs), values(outputs)));
}

/** An idle graph that is ready to be called. */
export interface Idle {
  readonly call: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** @throws ConfigurationError when the provider cannot run it. */
export async function openIdle(inputs: Sizes, outputs: Sizes, runtime: Runtime): Promise<Idle> {
  const session = await openGraph("the idle graph", idleGraph(inputs, outputs), runtime);
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, dims]) => [
      name,
      new ort.Tensor("float32", new Float32Array(sizeOf(dims)), dims),
    ]),
  );
  return {
    async call() {
      await session.run(feeds);
    },
    close: () => session.release(),
  };
}

/** In the place of a policy's network, for calls of so many rows. */
export function openIdleNetwork(manifest: Manifest, rows: number, runtime: Runtime): Promise<Idle> {
  const chunks = [rows, manifest.horizon, manifest.action.length];
  const observation = [1, manifest.n_obs_steps * observationWidth(manifest)];
  return openIdle({ sample: chunks, level: [rows], observation }, { noise: chunks }, runtime);
}

function sizeOf(dims: readonly number[]): number {
  return dims.reduce((size, side) => size * side, 1);
}

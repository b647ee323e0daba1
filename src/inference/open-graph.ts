import * as ort from "onnxruntime-node";
import { ConfigurationError } from "../policy/errors.js";
import { type Runtime, sessionOptions } from "./runtime.js";
import { forWebgpu } from "./webgpu-graph.js";

/** @throws ConfigurationError naming the file when the provider cannot run it; `remedy` says what else could be done. */
export async function openGraph(
  file: string,
  bytes: Uint8Array,
  runtime: Runtime,
  remedy = "",
): Promise<ort.InferenceSession> {
  try {
    const graph = runtime.provider === "webgpu" ? forWebgpu(bytes) : bytes;
    return await ort.InferenceSession.create(graph, sessionOptions(runtime));
  } catch (error) {
    throw new ConfigurationError(
      `onnxruntime cannot load ${file} on provider "${runtime.provider}": ${(error as Error).message}${remedy}`,
    );
  }
}

import * as ort from "onnxruntime-node";
import { ConfigurationError } from "../policy/errors.js";
import { type Runtime, sessionOptions } from "./runtime.js";

export interface OpenOptions {
  /** What else could be done where the provider cannot run it. */
  readonly remedy?: string;
  /** Beside what the runtime says. */
  readonly session?: ort.InferenceSession.SessionOptions;
}

/**
 * Loads a graph as the runtime says, on webgpu in operators that its provider has.
 *
 * @param what names it in the error: its file, if it has one.
 * @throws ConfigurationError when the provider cannot run it.
 */
export async function openGraph(
  what: string,
  bytes: Uint8Array,
  runtime: Runtime,
  { remedy = "", session }: OpenOptions = {},
): Promise<ort.InferenceSession> {
  try {
    const graph = runtime.provider === "webgpu" ? await inItsOperators(bytes) : bytes;
    return await ort.InferenceSession.create(graph, { ...sessionOptions(runtime), ...session });
  } catch (error) {
    throw new ConfigurationError(
      `onnxruntime cannot load ${what} on provider "${runtime.provider}": ${(error as Error).message}${remedy}`,
    );
  }
}

/** The schema of ONNX takes 14 MB in every thread, and no other provider needs it. */
async function inItsOperators(bytes: Uint8Array): Promise<Uint8Array> {
  const { forWebgpu } = await import("./webgpu-graph.js");
  return forWebgpu(bytes);
}

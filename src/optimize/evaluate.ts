import * as ort from "onnxruntime-node";
import type { Numbers } from "../onnx/tensor.js";
import { ConfigurationError } from "../policy/errors.js";

/** Runs a model once; its outputs by name, those that are float32 or int64. */
export type Evaluate = (
  model: Uint8Array,
  feeds: ReadonlyMap<string, Numbers>,
) => Promise<ReadonlyMap<string, Numbers>>;

/**
 * Runs a model in onnxruntime on the CPU, as it is written.
 *
 * @throws ConfigurationError when onnxruntime cannot run it.
 */
export const evaluateInOnnxruntime: Evaluate = async (model, feeds) => {
  let session: ort.InferenceSession | undefined;
  try {
    session = await ort.InferenceSession.create(model, {
      executionProviders: ["cpu"],
      intraOpNumThreads: 1,
      graphOptimizationLevel: "disabled",
      logSeverityLevel: 3,
    });
    const known = [...feeds].filter(([name]) => session?.inputNames.includes(name));
    const answer = await session.run(
      Object.fromEntries(known.map(([name, numbers]) => [name, tensorOf(numbers)])),
    );
    const found = new Map<string, Numbers>();
    for (const [name, { dims, data }] of Object.entries(answer)) {
      if (data instanceof Float32Array) found.set(name, { dims: [...dims], data, integer: false });
      if (data instanceof BigInt64Array) {
        found.set(name, { dims: [...dims], data: Float64Array.from(data, Number), integer: true });
      }
    }
    return found;
  } catch (error) {
    throw new ConfigurationError(
      `onnxruntime cannot run the network: ${(error as Error).message}; export it again with a free batch size`,
    );
  } finally {
    await session?.release();
  }
};

function tensorOf({ dims, data, integer }: Numbers): ort.Tensor {
  return integer
    ? new ort.Tensor("int64", BigInt64Array.from(Array.from(data, BigInt)), dims)
    : new ort.Tensor("float32", Float32Array.from(data), dims);
}

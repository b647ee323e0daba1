import * as ort from "onnxruntime-node";
import { type Runtime, sessionOptions } from "../../inference/runtime.js";
import { writeModel } from "../../onnx/model.js";
import type { ModelProto } from "../../onnx/onnx_pb.js";
import { ConfigurationError } from "../../policy/errors.js";

/**
 * A model that was made in memory, on a provider.
 *
 * @throws ConfigurationError when the provider cannot run it.
 */
export async function openModel(model: ModelProto, runtime: Runtime): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(writeModel(model), sessionOptions(runtime));
  } catch (error) {
    throw new ConfigurationError(
      `onnxruntime cannot run ${model.graph?.name} on provider "${runtime.provider}": ${(error as Error).message}`,
    );
  }
}

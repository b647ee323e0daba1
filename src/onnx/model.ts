import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ConfigurationError } from "../policy/errors.js";
import { type GraphProto, type ModelProto, ModelProtoSchema } from "./onnx_pb.js";

/** A model that has a graph; what {@link readModel} gives. */
export type Model = ModelProto & { graph: GraphProto };

/**
 * Parses an ONNX file. Fields that the schema does not know are kept, so that writing gives them back.
 *
 * @throws ConfigurationError when the bytes are no ONNX model, or when its weights lie in other files.
 */
export function readModel(bytes: Uint8Array): Model {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw new ConfigurationError(
      `the network (${bytes.length} bytes) is not an ONNX model: ${(error as Error).message}; export it again`,
    );
  }
  if (!model.graph || model.graph.output.length === 0) {
    throw new ConfigurationError(
      `the network (${bytes.length} bytes) holds no ONNX graph with an output: it is truncated or another kind of file; export it again`,
    );
  }
  const outside = model.graph.initializer.find((tensor) => tensor.externalData.length > 0);
  if (outside) {
    throw new ConfigurationError(
      `the weight "${outside.name}" lies in another file; export the network with external_data=False`,
    );
  }
  return model as Model;
}

/** The bytes of an ONNX file. */
export function writeModel(model: ModelProto): Uint8Array {
  return toBinary(ModelProtoSchema, model);
}

/** The version of the standard operators that a model is written in; 0 when it does not say. */
export function opsetOf(model: ModelProto): number {
  const standard = model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx");
  return Number(standard?.version ?? 0);
}

import { create } from "@bufbuild/protobuf";
import { type Model, opsetOf } from "../onnx/model.js";
import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
} from "../onnx/onnx_pb.js";

/** ReduceMean and Split took their present form in it. */
export const LEAST_OPSET = 18;

/** The model of a graph that was written from another one, with the operators that the other one had. */
export function modelOf(source: Model, graph: GraphProto): ModelProto {
  const { irVersion, opsetImport, functions } = source;
  const version = BigInt(Math.max(opsetOf(source), LEAST_OPSET));
  const others = opsetImport.filter(({ domain }) => domain !== "" && domain !== "ai.onnx");
  return create(ModelProtoSchema, {
    irVersion: irVersion < 8n ? 8n : irVersion,
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version }), ...others],
    producerName: "parapilot",
    functions,
    graph,
  });
}

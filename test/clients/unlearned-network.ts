import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { writeModel } from "../../src/onnx/model.js";
import {
  ModelProtoSchema,
  TensorProto_DataType,
  type TensorShapeProto_DimensionSchema,
  type ValueInfoProtoSchema,
} from "../../src/onnx/onnx_pb.js";

type Side = "batch" | number;

/** An ONNX file that fits a policy and has learnt nothing: it takes every sample for noise. */
export function unlearnedNetwork(horizon: number, width: number, observations: number): Uint8Array {
  const { FLOAT, INT64 } = TensorProto_DataType;
  const graph = {
    name: "unlearned",
    node: [{ name: "copy", opType: "Identity", input: ["sample"], output: ["noise"] }],
    input: [
      info("sample", FLOAT, ["batch", horizon, width]),
      info("level", INT64, ["batch"]),
      info("observation", FLOAT, [1, observations]),
    ],
    output: [info("noise", FLOAT, ["batch", horizon, width])],
  };
  return writeModel(create(ModelProtoSchema, { irVersion: 9n, opsetImport: [{ version: 18n }], graph }));
}

function info(
  name: string,
  elemType: number,
  sides: readonly Side[],
): MessageInitShape<typeof ValueInfoProtoSchema> {
  return {
    name,
    type: { value: { case: "tensorType", value: { elemType, shape: { dim: sides.map(dim) } } } },
  };
}

function dim(side: Side): MessageInitShape<typeof TensorShapeProto_DimensionSchema> {
  return {
    value:
      typeof side === "string"
        ? { case: "dimParam", value: side }
        : { case: "dimValue", value: BigInt(side) },
  };
}

import { create } from "@bufbuild/protobuf";
import { TensorProto_DataType, type ValueInfoProto, ValueInfoProtoSchema } from "./onnx_pb.js";

/** An input or output of a graph: a float32 tensor of fixed size, or an int64 one. */
export function tensorInfo(name: string, dims: readonly number[], integer = false): ValueInfoProto {
  const dim = dims.map((side) => ({ value: { case: "dimValue" as const, value: BigInt(side) } }));
  const elemType = integer ? TensorProto_DataType.INT64 : TensorProto_DataType.FLOAT;
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType, shape: { dim } } } },
  });
}

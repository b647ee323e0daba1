import { create } from "@bufbuild/protobuf";
import { type TensorProto_DataType, type ValueInfoProto, ValueInfoProtoSchema } from "./onnx_pb.js";

/** What a graph declares an input or output as; a side that is free has a name. */
export function valueInfo(
  name: string,
  elemType: TensorProto_DataType,
  dims: readonly (string | number)[],
): ValueInfoProto {
  const dim = dims.map((side) => ({
    value:
      typeof side === "string"
        ? { case: "dimParam" as const, value: side }
        : { case: "dimValue" as const, value: BigInt(side) },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType, shape: { dim } } } },
  });
}

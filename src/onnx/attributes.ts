import { create } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type NodeProto,
} from "./onnx_pb.js";

/** A whole-number attribute. */
export function integer(node: NodeProto, name: string, otherwise: number): number {
  const attribute = find(node, name);
  return attribute ? Number(attribute.i) : otherwise;
}

/** A list of whole numbers; empty when the node has none. */
export function integers(node: NodeProto, name: string): number[] {
  return (find(node, name)?.ints ?? []).map(Number);
}

export function real(node: NodeProto, name: string, otherwise: number): number {
  return find(node, name)?.f ?? otherwise;
}

export function text(node: NodeProto, name: string, otherwise: string): string {
  const attribute = find(node, name);
  return attribute ? new TextDecoder().decode(attribute.s) : otherwise;
}

/** What a node is told beside its inputs: a number is an int attribute, a list one of ints; floats say so. */
export type Attributes = Readonly<Record<string, number | readonly number[] | { readonly float: number }>>;

export function attributesOf(attributes: Attributes): AttributeProto[] {
  return Object.entries(attributes).map(([name, value]) => {
    if (typeof value === "number") {
      return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) });
    }
    if ("float" in value) {
      return create(AttributeProtoSchema, {
        name,
        type: AttributeProto_AttributeType.FLOAT,
        f: value.float,
      });
    }
    return create(AttributeProtoSchema, {
      name,
      type: AttributeProto_AttributeType.INTS,
      ints: value.map(BigInt),
    });
  });
}

function find(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute.find((attribute) => attribute.name === name);
}

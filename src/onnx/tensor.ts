import { create } from "@bufbuild/protobuf";
import { halfBits } from "./half.js";
import { type TensorProto, TensorProto_DataType, TensorProtoSchema } from "./onnx_pb.js";

/** A tensor as plain numbers, row by row; whole numbers too, exactly up to 2^53. */
export interface Numbers {
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array;
  readonly integer: boolean;
}

/** The numbers of a tensor; undefined when it holds something else, such as half floats or text. */
export function numbersOf(tensor: TensorProto): Numbers | undefined {
  const dims = tensor.dims.map(Number);
  switch (tensor.dataType) {
    case TensorProto_DataType.FLOAT:
      return { dims, data: raw(tensor, Float32Array) ?? Float32Array.from(tensor.floatData), integer: false };
    case TensorProto_DataType.DOUBLE:
      return {
        dims,
        data: raw(tensor, Float64Array) ?? Float64Array.from(tensor.doubleData),
        integer: false,
      };
    case TensorProto_DataType.INT32:
      return { dims, data: Float64Array.from(raw(tensor, Int32Array) ?? tensor.int32Data), integer: true };
    case TensorProto_DataType.INT64: {
      const data: Iterable<bigint> = raw(tensor, BigInt64Array) ?? tensor.int64Data;
      return { dims, data: Float64Array.from(data, Number), integer: true };
    }
    default:
      return undefined;
  }
}

/** A float32 tensor, or an int64 one. */
export function tensorOf(
  name: string,
  dims: readonly number[],
  data: ArrayLike<number>,
  integer = false,
): TensorProto {
  const values = integer
    ? BigInt64Array.from(Array.from(data, (value) => BigInt(value)))
    : Float32Array.from(data);
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: integer ? TensorProto_DataType.INT64 : TensorProto_DataType.FLOAT,
    rawData: new Uint8Array(values.buffer),
  });
}

/** A float16 tensor of the nearest numbers. */
export function halvesOf(name: string, dims: readonly number[], data: Float32Array): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: TensorProto_DataType.FLOAT16,
    rawData: new Uint8Array(halfBits(data).buffer),
  });
}

type Elements<T> = { new (buffer: ArrayBuffer): T; readonly BYTES_PER_ELEMENT: number };

function raw<T>({ rawData }: TensorProto, Kind: Elements<T>): T | undefined {
  // A view into the file, at any offset: typed arrays want aligned memory.
  return rawData.length > 0 ? new Kind(new Uint8Array(rawData).buffer as ArrayBuffer) : undefined;
}

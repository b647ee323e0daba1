import { create } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { TensorProto_DataType, TensorProtoSchema } from "../../src/onnx/onnx_pb.js";
import { numbersOf, tensorOf } from "../../src/onnx/tensor.js";

it("reads what it wrote, floats and whole numbers", () => {
  fc.assert(
    fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 1 }), (values) => {
      const numbers = numbersOf(tensorOf("x", [values.length], values));
      expect(numbers).toMatchObject({ dims: [values.length], integer: false });
      expect([...(numbers?.data ?? [])]).toEqual(values);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.maxSafeInteger()), (values) => {
      const whole = numbersOf(tensorOf("x", [values.length], values, true));
      expect([...(whole?.data ?? [])].map(Number)).toEqual(values.map((value) => value + 0));
    }),
  );
});

it("reads numbers that lie at any offset of a file", () => {
  const file = new Uint8Array(9);
  file.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), 1);
  const tensor = create(TensorProtoSchema, {
    dims: [2n],
    dataType: TensorProto_DataType.FLOAT,
    rawData: file.subarray(1),
  });
  expect([...(numbersOf(tensor)?.data ?? [])]).toEqual([1.5, -2]);
});

it("reads numbers written one by one, and leaves half floats alone", () => {
  const { FLOAT, INT64, FLOAT16 } = TensorProto_DataType;
  const floats = create(TensorProtoSchema, { dims: [2n], dataType: FLOAT, floatData: [0.5, 3] });
  expect([...(numbersOf(floats)?.data ?? [])]).toEqual([0.5, 3]);
  const whole = create(TensorProtoSchema, { dims: [1n], dataType: INT64, int64Data: [-7n] });
  expect([...(numbersOf(whole)?.data ?? [])]).toEqual([-7]);
  const half = create(TensorProtoSchema, { dims: [1n], dataType: FLOAT16, rawData: new Uint8Array(2) });
  expect(numbersOf(half)).toBeUndefined();
});

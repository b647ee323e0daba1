import { describe, expect, test } from "vitest";
import { multiArrayReader } from "../../../src/ros/read/multi-array.js";
import { UNSCALED } from "../../../src/ros/scaling.js";
import { multiArray } from "./messages.js";
import { problemOf, valuesOf } from "./readings.js";

const reader = multiArrayReader("std_msgs/msg/Float32MultiArray", [2, 3], UNSCALED);
const six = Float32Array.of(1, 2, 3, 4, 5, 6);
const dim = (...sizes: unknown[]) => sizes.map((size) => ({ label: "", size, stride: 0 }));

test("gives the numbers in their order, without a stamp", () => {
  const values = Float64Array.of(1, 2, 3, 4, 5, 6);
  expect(reader.read(multiArray(six))).toEqual({ ok: true, values, stamp: undefined });
});

test("takes plain arrays, and a layout that says the same or less", async () => {
  const plain = [1, 2, 3, 4, 5, 6];
  for (const layout of [dim(2, 3), dim(6), dim(1, 2, 3)]) {
    expect(await valuesOf(reader, multiArray(plain, { dim: layout, data_offset: 0 }))).toEqual(plain);
  }
});

test("begins at the offset", async () => {
  const message = multiArray([9, 9, ...six], { dim: dim(6), data_offset: 2 });
  expect(await valuesOf(reader, message)).toEqual([1, 2, 3, 4, 5, 6]);
});

test("scales", async () => {
  const scaled = multiArrayReader("std_msgs/msg/Float64MultiArray", [2], { scale: 2, offset: 1 });
  expect(await valuesOf(scaled, multiArray([1, -1]))).toEqual([3, -1]);
});

describe("says", () => {
  test.each([
    ["how many values are missing", multiArray([1, 2]), "data has 2 values, but the policy wants 6"],
    ["how many there are too many", multiArray([...six, 7]), "data has 7 values"],
    [
      "what an offset leaves",
      multiArray(six, { dim: [], data_offset: 7 }),
      "data has 0 values behind data_offset 7",
    ],
    [
      "that the layout is another",
      multiArray(six, { dim: dim(2, 2), data_offset: 0 }),
      "layout.dim says 2 × 2, but there are 6 values",
    ],
    [
      "that the shape is turned",
      multiArray(six, { dim: dim(3, 2), data_offset: 0 }),
      "layout.dim says 3 × 2, but the policy wants 2 × 3",
    ],
    ["that a size is none", multiArray(six, { dim: dim("6"), data_offset: 0 }), "layout.dim says NaN"],
    ["which number is not one", multiArray([1, 2, 3, Number.NaN, 5, 6]), "data[3] is NaN"],
    ["that there is no data", { layout: { dim: [], data_offset: 0 } }, "data is missing"],
    ["that there is no layout", { data: six }, "layout is not a MultiArrayLayout"],
  ])("%s", async (_, message, problem) => {
    expect(await problemOf(reader, message)).toContain(problem);
  });
});

import { describe, expect, it } from "vitest";
import type { ParameterType } from "../../../src/ros/graph.js";
import { acceptValue, storedValue } from "../../../src/ros/rclnodejs/parameter-value.js";

const accept = (type: ParameterType, value: unknown, range?: { min: number; max: number }) => {
  const result = acceptValue({ name: "x", type, ...(range ? { range } : {}) }, value);
  return result.ok ? result.value : result.problem;
};

describe("a value for a parameter", () => {
  it("that is a whole number is taken for a double, however ROS sends it", () => {
    expect(accept("double", 2n)).toBe(2);
    expect(accept("double", 2)).toBe(2);
    expect(accept("double_array", [1n, 2.5])).toEqual([1, 2.5]);
    expect(accept("double_array", new Float64Array([1, 2.5]))).toEqual([1, 2.5]);
  });

  it.each([
    ["integer", 2.5, "x is a whole number, found 2.5"],
    ["integer", "2", 'x is a whole number, found "2"'],
    ["bool", 1, "x is true or false, found 1"],
    ["string", 5, "x is a text, found 5"],
    ["double", null, "x is a number, found null"],
    ["double", "a", 'x is a number, found "a"'],
    ["string_array", ["a", 1], 'x is a list of texts, found ["a",1]'],
    ["integer_array", [1.5], "x is a list of whole numbers, found [1.5]"],
  ] as const)("of type %s is not %j", (type, value, problem) => {
    expect(accept(type, value)).toBe(problem);
  });

  it.each([
    ["double", Number.NaN],
    ["double", Number.POSITIVE_INFINITY],
    ["double", 10.5],
    ["integer", -1n],
    ["double_array", [1, 11]],
  ] as const)("%s %s out of range is refused with the range", (type, value) => {
    expect(accept(type, value, { min: 0, max: 10 })).toContain("x is from 0 to 10, found");
  });

  it("on the bounds is in range", () => {
    expect(accept("double", 10, { min: 0, max: 10 })).toBe(10);
    expect(accept("integer", 0n, { min: 0, max: 10 })).toBe(0);
  });

  it("is stored as bigint where it is an integer", () => {
    expect(storedValue("integer", 3)).toBe(3n);
    expect(storedValue("integer_array", [3, 4])).toEqual([3n, 4n]);
    expect(storedValue("double", 3)).toBe(3);
  });
});

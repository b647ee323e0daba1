import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../../src/policy/errors.js";
import { JointStateReader } from "../../../src/ros/read/joint-state.js";
import { resolveScaling, UNSCALED } from "../../../src/ros/scaling.js";
import { jointState, STAMP } from "./messages.js";
import { problemOf, valuesOf } from "./readings.js";

const readerOf = (field: "position" | "velocity" | "effort" = "position", joints = ["shoulder", "wrist"]) =>
  new JointStateReader({ joints, field }, joints.length, UNSCALED);

test("gives the joints in the order of the binding, with the stamp of the header", () => {
  expect(readerOf().read(jointState())).toEqual({ ok: true, values: Float64Array.of(1, 3), stamp: STAMP });
});

test("gives no stamp where nobody filled in the header", () => {
  const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: "" };
  expect(readerOf().read(jointState({ header }))).toMatchObject({ ok: true, stamp: undefined });
});

test("follows joints that change places from message to message", async () => {
  const reader = readerOf();
  const turned = jointState({ name: ["shoulder", "elbow", "wrist"] });
  expect(await valuesOf(reader, jointState())).toEqual([1, 3]);
  expect(await valuesOf(reader, turned)).toEqual([3, 1]);
  expect(await valuesOf(reader, jointState())).toEqual([1, 3]);
});

test("follows names that change within the same array", async () => {
  const reader = readerOf();
  const name = ["wrist", "elbow", "shoulder"];
  expect(await valuesOf(reader, jointState({ name }))).toEqual([1, 3]);
  name.reverse();
  expect(await valuesOf(reader, jointState({ name }))).toEqual([3, 1]);
});

test("comes back after a message without the joints", async () => {
  const reader = readerOf();
  await problemOf(reader, jointState({ name: ["finger"], position: [0] }));
  expect(await valuesOf(reader, jointState())).toEqual([1, 3]);
});

test("gives velocities and efforts", async () => {
  expect(await valuesOf(readerOf("velocity"), jointState())).toEqual([0.1, 0.3]);
  expect(await valuesOf(readerOf("effort"), jointState({ effort: [7, 8, 9] }))).toEqual([9, 7]);
});

test("converts units", async () => {
  const scaling = await resolveScaling({ unit: "deg" }, "rad");
  const reader = new JointStateReader({ joints: ["elbow"], field: "position" }, 1, scaling);
  const [value] = await valuesOf(reader, jointState({ position: [0, 180, 0] }));
  expect(value).toBeCloseTo(Math.PI, 14);
});

describe("says", () => {
  test.each([
    [
      "which joint is missing, and what there is",
      { name: ["a", "b", "wrist"] },
      'joint "shoulder" is missing; the message has a, b, wrist',
    ],
    [
      "which joints are missing",
      { name: ["a", "b", "c"] },
      "joints shoulder, wrist are missing; the message has a, b, c",
    ],
    ["which joint is there twice", { name: ["wrist", "shoulder", "wrist"] }, 'joint "wrist" is there twice'],
    ["that values are missing", { position: [1, 2] }, "position has 2 values for 3 joint names"],
    ["that there are too many", { position: [1, 2, 3, 4] }, "position has 4 values for 3 joint names"],
    ["which joint is not a number", { position: [0, 0, Number.NaN] }, 'position of joint "shoulder" is NaN'],
    [
      "which joint is infinite",
      { position: Float64Array.of(-Infinity, 0, 0) },
      'position of joint "wrist" is -Infinity',
    ],
    ["that a name is none", { name: ["wrist", 3, "shoulder"] }, "name[1] is 3"],
    ["that there are no names", { name: undefined }, "name is missing"],
    ["that there is no array", { position: 4 }, "position is 4"],
    ["that there is no header", { header: undefined }, "header.stamp.sec is missing"],
  ])("%s", async (_, changes, problem) => {
    expect(await problemOf(readerOf(), jointState(changes))).toContain(problem);
  });

  test("that a publisher gives no efforts", async () => {
    expect(await problemOf(readerOf("effort"), jointState())).toContain("effort is empty");
  });

  test("nothing of a joint that the policy does not see", async () => {
    const message = jointState({ position: [3, Number.NaN, 1], name: ["wrist", "wrong", "shoulder"] });
    expect(await valuesOf(readerOf(), message)).toEqual([1, 3]);
  });
});

test("refuses to be bound to a joint twice, or to another number of them", () => {
  expect(() => readerOf("position", ["a", "a"])).toThrow(
    new ConfigurationError('joints: "a" is named twice'),
  );
  expect(() => new JointStateReader({ joints: ["a"], field: "position" }, 2, UNSCALED)).toThrow(
    "joints: 1 are named (a), but the policy wants 2 values",
  );
});

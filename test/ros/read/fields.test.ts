import { describe, expect, test } from "vitest";
import { type FieldsBinding, fieldsReader } from "../../../src/ros/read/fields.js";
import { UNSCALED } from "../../../src/ros/scaling.js";
import { odometry, pose, QUARTER, STAMP, twist } from "./messages.js";
import { expectClose, problemOf, valuesOf } from "./readings.js";

const POSE = "geometry_msgs/msg/PoseStamped";
const TWIST = "geometry_msgs/msg/TwistStamped";
const ODOMETRY = "nav_msgs/msg/Odometry";
const HALF = Math.SQRT1_2;
const readerOf = (binding: FieldsBinding, width: number, scale = 1) =>
  fieldsReader(binding, width, { scale, offset: 0 });

describe("the fields of", () => {
  test.each([
    ["a number", POSE, ["pose.position.y"], pose(), [2]],
    ["numbers in the order of the binding", POSE, ["pose.position.z", "pose.position.x"], pose(), [3, 1]],
    ["a point", POSE, ["pose.position"], pose(), [1, 2, 3]],
    ["a quaternion", POSE, ["pose.orientation"], pose(), [0, 0, HALF, HALF]],
    ["a component of a quaternion", POSE, ["pose.orientation.z"], pose(), [HALF]],
    ["a pose", POSE, ["pose"], pose(), [1, 2, 3, 0, 0, HALF, HALF]],
    ["a twist", TWIST, ["twist.linear", "twist.angular.z"], twist(), [1, 2, 3, 6]],
    ["an odometry", ODOMETRY, ["pose.pose.position.x", "twist.twist.angular"], odometry(), [1, 4, 5, 6]],
  ] as const)("%s", async (_, type, fields, message, values) => {
    const found = await valuesOf(readerOf({ type, fields }, values.length), message);
    expectClose(found, values);
  });
});

test("carries the stamp of the header", () => {
  const reader = readerOf({ type: TWIST, fields: ["twist.linear.x"] }, 1);
  expect(reader.read(twist())).toEqual({ ok: true, values: Float64Array.of(1), stamp: STAMP });
});

test("gives a rotation in six numbers as the first two rows of its matrix, as pytorch3d does", async () => {
  const reader = readerOf({ type: POSE, fields: ["pose.orientation"], rotation: "rotation_6d" }, 6);
  // A quarter turn about z takes x to y: its matrix is [[0, -1, 0], [1, 0, 0], [0, 0, 1]].
  const values = await valuesOf(reader, pose());
  expectClose(values, [0, -1, 0, 1, 0, 0]);
});

test("scales lengths, and leaves rotations alone", async () => {
  const reader = readerOf({ type: POSE, fields: ["pose"] }, 7, 1000);
  const values = await valuesOf(reader, pose());
  expect(values.slice(0, 3)).toEqual([1000, 2000, 3000]);
  expect(values[6]).toBeCloseTo(HALF, 14);
});

test("makes a quaternion that was rounded one of length 1", async () => {
  const reader = readerOf({ type: POSE, fields: ["pose.orientation"] }, 4);
  const values = await valuesOf(reader, pose({ x: 0, y: 0, z: 0.6, w: 0.803 }));
  expect(Math.hypot(...values)).toBeCloseTo(1, 14);
});

describe("says", () => {
  const reader = readerOf({ type: POSE, fields: ["pose"] }, 7);
  test.each([
    [
      "that a quaternion was never set",
      pose({ x: 0, y: 0, z: 0, w: 0 }),
      "pose.orientation is (0, 0, 0, 0): nobody set it",
    ],
    [
      "that a quaternion is no rotation",
      pose({ x: 0, y: 0, z: 0, w: 1.02 }),
      "of length 1.02; a rotation has length 1",
    ],
    ["that a quaternion is not a number", pose({ ...QUARTER, x: Number.NaN }), "pose.orientation is (NaN,"],
    [
      "that a quaternion is not there",
      { ...pose(), pose: { position: pose().pose.position } },
      "pose.orientation is missing",
    ],
    ["which number is not one", pose(QUARTER, { x: 1, y: Number.NaN, z: 0 }), "pose.position.y is NaN"],
    ["which number is missing", pose(QUARTER, { x: 1, y: 2 }), "pose.position.z is missing"],
    ["which number is text", pose(QUARTER, { x: "1", y: 2, z: 3 }), 'pose.position.x is "1"'],
    [
      "that a stamp is none",
      { ...pose(), header: { stamp: { sec: 1, nanosec: 1e9 } } },
      "header.stamp.nanosec is 1000000000",
    ],
  ])("%s", async (_, message, problem) => {
    expect(await problemOf(reader, message)).toContain(problem);
  });
});

describe("refuses to be bound to", () => {
  test.each([
    [
      { type: POSE, fields: ["pose.positoin.x"] },
      1,
      'there is no "positoin" to take in "pose"; it has position, orientation',
    ],
    [{ type: POSE, fields: ["twist"] }, 1, `there is no "twist" to take in ${POSE}; it has pose`],
    [{ type: POSE, fields: ["pose.position.x.y"] }, 1, "it is a number"],
    [{ type: POSE, fields: ["pose.orientation.u"] }, 1, "it has x, y, z, w"],
    [{ type: POSE, fields: ["pose.constructor"] }, 1, 'there is no "constructor"'],
    [{ type: POSE, fields: ["pose.position"] }, 2, "pose.position give 3 values, but the policy wants 2"],
    [
      { type: TWIST, fields: ["twist"], unit: "km/h" },
      6,
      'unit: "km/h" cannot be that of velocity and angular velocity alike',
    ],
  ] as const)("%j", (binding, width, problem) => {
    expect(() => fieldsReader(binding, width, UNSCALED)).toThrow(problem);
  });
});

import { describe, expect, test } from "vitest";
import { float64MultiArrayWriter } from "../../../src/ros/write/float64-multi-array.js";
import { poseStampedWriter } from "../../../src/ros/write/pose-stamped.js";
import { twistStampedWriter } from "../../../src/ros/write/twist-stamped.js";
import { expectClose } from "../read/readings.js";
import { command, entry, STAMP } from "./commands.js";

const HALF = Math.SQRT1_2;

interface Pose {
  readonly pose: { readonly orientation: Readonly<Record<"x" | "y" | "z" | "w", number>> };
}

describe("a pose", () => {
  const actions = [entry("target_x", "px"), entry("target_y", "px")];

  test("is that of this step alone, complete, in the message's unit", async () => {
    const fields = { "pose.position.x": "target_x", "pose.position.y": "target_y" };
    const writer = await poseStampedWriter({ frame_id: "board", fields, scale: 1000 }, actions);
    expect(writer.write(command([256, 128, 512, 512]))).toEqual({
      header: { stamp: STAMP, frame_id: "board" },
      pose: { position: { x: 0.256, y: 0.128, z: 0 }, orientation: { x: 0, y: 0, z: 0, w: 1 } },
    });
  });

  const six = Array.from({ length: 6 }, (_, k) => entry(`r${k}`, "1"));
  const four = ["x", "y", "z", "w"].map((name) => entry(name, "1"));
  const three = ["x", "y", "z"].map((name) => entry(name, "rad"));
  test.each([
    [
      "a quaternion, made one of length 1",
      { quaternion: ["x", "y", "z", "w"] },
      four,
      [0, 0, 2, 2],
      [0, 0, HALF, HALF],
    ],
    ["a quaternion of nothing", { quaternion: ["x", "y", "z", "w"] }, four, [0, 0, 0, 0], [0, 0, 0, 1]],
    [
      "the rows of its matrix",
      { rotation_6d: six.map(({ name }) => name) },
      six,
      [0, -1, 0, 1, 0, 0],
      [0, 0, HALF, HALF],
    ],
    ["an axis and angle", { axis_angle: ["x", "y", "z"] }, three, [0, Math.PI / 2, 0], [0, HALF, 0, HALF]],
    [
      "an axis and angle in degrees",
      { axis_angle: ["x", "y", "z"] },
      three.map(({ name }) => entry(name, "deg")),
      [0, 90, 0],
      [0, HALF, 0, HALF],
    ],
  ])(
    "has an orientation out of %s, whatever the scale of its position",
    async (_, orientation, entries, row, wanted) => {
      const writer = await poseStampedWriter(
        { frame_id: "base", fields: {}, orientation, scale: 1000 },
        entries,
      );
      const { pose } = writer.write(command(row)) as Pose;
      const { x, y, z, w } = pose.orientation;
      expectClose([x, y, z, w], wanted, 1e-6);
    },
  );

  test.each([
    [
      { fields: { "pose.position.u": "target_x" } },
      'fields: "pose.position.u" is no number that can be set; it takes x, y, z of pose.position',
    ],
    [
      { fields: { "pose.orientation.z": "target_x" } },
      'fields: "pose.orientation.z" is no number that can be set',
    ],
    [{ fields: { x: "target_x" } }, 'fields: "x" is no number that can be set'],
    [
      { fields: { "pose.position.x": "goal" } },
      'fields.pose.position.x: "goal" is no action of this policy; it has target_x, target_y',
    ],
    [
      { fields: { "pose.position.x": "target_x" }, unit: "m" },
      'fields.pose.position.x: unit: "m" does not convert',
    ],
    [
      { fields: {}, orientation: { axis_angle: ["target_x", "target_x", "target_x"] } },
      'orientation.axis_angle: unit: "rad" does not convert',
    ],
    [
      { fields: {}, orientation: { quaternion: ["a", "b", "c", "d"] } },
      'orientation.quaternion: "a" is no action',
    ],
  ])("cannot be bound as %j", async (binding, problem) => {
    await expect(poseStampedWriter({ frame_id: "board", ...binding }, actions)).rejects.toThrow(problem);
  });
});

test("a twist is that of this step, complete, in the message's unit", async () => {
  const fields = { "twist.linear.x": "forward", "twist.angular.z": "turn" };
  const actions = [entry("forward", "m/s"), entry("turn", "rad/s")];
  const writer = await twistStampedWriter({ frame_id: "base_link", fields, scale: 0.5, offset: 1 }, actions);
  expect(writer.write(command([2, 3, 8, 9]))).toEqual({
    header: { stamp: STAMP, frame_id: "base_link" },
    twist: { linear: { x: 2, y: 0, z: 0 }, angular: { x: 0, y: 0, z: 4 } },
  });
  await expect(
    twistStampedWriter({ frame_id: "base_link", fields: { "twist.linear": "forward" } }, actions),
  ).rejects.toThrow(
    '"twist.linear" is no number that can be set; it takes x, y, z of twist.linear and twist.angular',
  );
});

test("an array holds the actions of this step in the order of the binding, as plain numbers", async () => {
  const actions = [entry("a", "m"), entry("b", "m"), entry("c", "m")];
  const writer = await float64MultiArrayWriter({ actions: ["c", "a"], unit: "cm" }, actions);
  const message = writer.write(command([1, 2, 3, 4, 5, 6])) as { data: number[] };
  expect(message).toEqual({ layout: { dim: [], data_offset: 0 }, data: [300, 100] });
  expect(Array.isArray(message.data)).toBe(true);
  await expect(float64MultiArrayWriter({ actions: ["d"] }, actions)).rejects.toThrow(
    'actions: "d" is no action',
  );
});

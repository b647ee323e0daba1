import { describe, expect, it } from "vitest";
import { type RosSection, rosSectionSchema } from "../../../src/launch/ros-section.js";
import { drawable, PlanPicture } from "../../../src/ros/node/plan-picture.js";
import { stampToMs } from "../../../src/ros/stamp.js";
import { poseStampedWriter } from "../../../src/ros/write/pose-stamped.js";
import type { Command } from "../../../src/ros/write/writer.js";

const observations = {
  position: { type: "sensor_msgs/msg/JointState", topic: "joint_states", joints: ["elbow"] },
};
const pose = {
  type: "geometry_msgs/msg/PoseStamped",
  topic: "target_pose",
  frame_id: "board",
  fields: { "pose.position.x": "x", "pose.position.y": "y" },
  scale: 1000,
};
const trajectory = {
  type: "trajectory_msgs/msg/JointTrajectory",
  topic: "joint_trajectory",
  joints: { elbow: "x" },
};
const section = (more: object): Promise<RosSection> =>
  rosSectionSchema.parseAsync({ observations, actions: [trajectory], ...more });

/** As for PushT: pixels of the policy are millimetres of the board. */
const axis = (name: string) => ({ name, unit: "px", min: 0, max: 512 });
const writer = await poseStampedWriter(
  { frame_id: "board", fields: pose.fields, scale: 1000 },
  ["x", "y"].map(axis),
);

const command = (more: Partial<Command> = {}): Command => ({
  stamp: { sec: 100, nanosec: 250_000_000 },
  sinceStampMs: 30,
  ageMs: 30,
  periodMs: 100,
  rows: Float32Array.of(100, 200, 110, 220, 120, 240),
  before: undefined,
  ...more,
});

describe("what the plan is drawn by", () => {
  it("is the first action that is a pose", async () => {
    const found = drawable(await section({ actions: [trajectory, pose, { ...pose, frame_id: "other" }] }));
    expect(found).toMatchObject({ binding: { frame_id: "board", fields: pose.fields, scale: 1000 } });
  });

  it("is ros.chunk where that is given", async () => {
    const chunk = { frame_id: "tool", fields: { "pose.position.z": "x" }, scale: 10 };
    expect(drawable(await section({ actions: [pose], chunk }))).toEqual({ binding: chunk });
  });

  it("is nothing for joints alone, which is said with what to do about it", async () => {
    const found = drawable(await section({}));
    expect("why" in found && found.why).toMatch(
      /^~\/chunk is not published: .*JointTrajectory.*give ros\.chunk \(frame_id/,
    );
  });
});

describe("PlanPicture", () => {
  it("has a pose for every action, stamped with the end of its step", () => {
    const path = new PlanPicture(writer, 2).draw(command());
    expect(path?.header).toEqual({ stamp: { sec: 100, nanosec: 250_000_000 }, frame_id: "board" });
    const places = path?.poses.map((at) => at.pose.position as { x: number; y: number });
    expect(places?.map(({ x, y }) => [x, y])).toEqual([
      [0.1, 0.2],
      [0.11, 0.22],
      [0.12, 0.24],
    ]);
    expect(path?.poses.map(({ header }) => stampToMs(header.stamp))).toEqual([100_380, 100_480, 100_580]);
    expect(path?.poses.every(({ header }) => header.frame_id === "board")).toBe(true);
  });

  it("is drawn once a step, however often it is asked", () => {
    const picture = new PlanPicture(writer, 2);
    const at = (sinceStampMs: number) => picture.draw(command({ sinceStampMs })) !== undefined;
    expect([0, 0, 10, 40, 95, 199, 200, 301].map(at)).toEqual([
      true,
      false,
      false,
      false,
      true,
      true,
      false,
      true,
    ]);
  });

  it("goes on when time is set back", () => {
    const picture = new PlanPicture(writer, 2);
    picture.draw(command());
    expect(picture.draw(command({ stamp: { sec: 1, nanosec: 0 } }))).toBeDefined();
  });
});

import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { observe } from "../../sim/pusht/observation.js";
import { rosSectionSchema } from "../../src/launch/ros-section.js";
import { loadBundle } from "../../src/policy/bundle.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { resolveBindings } from "../../src/ros/bindings.js";
import { SHIPPED } from "../policy/bundles.js";
import { jointManifest } from "../policy/manifests.js";
import { jointState, pose } from "./read/messages.js";
import { expectClose, valuesOf } from "./read/readings.js";
import { command } from "./write/commands.js";

const PUSHT = `
observations:
  keypoints:
    topic: block_pose
    type: geometry_msgs/msg/PoseStamped
    body_points: [[0.0092698, 0.090041], [-0.0609835, -0.0011867], [0.0609128, -0.0013934],
      [-0.0002705, 0.0255436], [-0.0140649, 0.1228159], [0.0390027, 0.0328574],
      [-0.0399664, 0.0327297], [-0.0168243, 0.0628632], [0.0235415, -0.0017003]]
    scale: 1000
  agent_position:
    topic: agent_pose
    type: geometry_msgs/msg/PoseStamped
    fields: [pose.position.x, pose.position.y]
    scale: 1000
    rate_hz: 5
    qos: { reliability: reliable }
actions:
  - topic: target_pose
    type: geometry_msgs/msg/PoseStamped
    frame_id: board
    fields: { pose.position.x: target_x, pose.position.y: target_y }
    scale: 1000
`;

const JOINT = `
observations:
  position: { topic: joint_states, type: sensor_msgs/msg/JointState, joints: [arm] }
  target: { topic: target, type: std_msgs/msg/Float32MultiArray, rate_hz: 0 }
actions:
  - { topic: joint_trajectory, type: trajectory_msgs/msg/JointTrajectory, joints: { arm: goal } }
`;

const sectionOf = (text: string) => rosSectionSchema.parseAsync(parse(text));
/** Of the policy with one joint, with some of the text changed. */
async function bound(from = "", to = "", manifest = jointManifest()) {
  expect(JOINT).toContain(from);
  return resolveBindings(await sectionOf(JOINT.replace(from, to)), manifest);
}

test("binds the shipped policy to a graph in metres", async () => {
  const { manifest } = await loadBundle(SHIPPED);
  const { observations, actions } = await resolveBindings(await sectionOf(PUSHT), manifest);
  const [keypoints, agent] = observations;
  const seen = observe([120, 340, 260, 300, 0.7]);
  const half = { x: 0, y: 0, z: Math.sin(0.35), w: Math.cos(0.35) };
  const block = pose(half, { x: 0.26, y: 0.3, z: 0 });
  expectClose(await valuesOf(keypoints.reader, block), seen.keypoints, 1e-9);
  expectClose(
    await valuesOf(agent.reader, pose(half, { x: 0.12, y: 0.34, z: 0 })),
    seen.agent_position,
    1e-9,
  );
  expect(actions[0].writer.write(command([256, 128]))).toMatchObject({
    pose: { position: { x: 0.256, y: 0.128, z: 0 } },
  });
});

test("fills in rates and qualities of service", async () => {
  const { manifest } = await loadBundle(SHIPPED);
  const { observations, actions } = await resolveBindings(await sectionOf(PUSHT), manifest);
  const volatile = { durability: "volatile", depth: 1 };
  expect(observations).toMatchObject([
    { name: "keypoints", topic: "block_pose", rateHz: 10, qos: { reliability: "best_effort", ...volatile } },
    { name: "agent_position", topic: "agent_pose", rateHz: 5, qos: { reliability: "reliable", ...volatile } },
  ]);
  expect(actions).toMatchObject([
    {
      topic: "target_pose",
      writer: { type: "geometry_msgs/msg/PoseStamped" },
      qos: { reliability: "reliable", ...volatile },
    },
  ]);
});

test("binds joints by name, and keeps a rate of 0", async () => {
  const { observations, actions } = await bound("[arm]", "[elbow]");
  expect(await valuesOf(observations[0].reader, jointState())).toEqual([2]);
  expect(observations[1].rateHz).toBe(0);
  expect(actions[0].writer.write(command([1]))).toMatchObject({ joint_names: ["arm"] });
});

test("gives the observations in the policy's order, whatever the order of the file", async () => {
  const { manifest } = await loadBundle(SHIPPED);
  const section = await sectionOf(PUSHT);
  const turned = Object.fromEntries(Object.entries(section.observations).reverse());
  const { observations } = await resolveBindings({ ...section, observations: turned }, manifest);
  expect(observations.map(({ name }) => name)).toEqual(["keypoints", "agent_position"]);
});

describe("a reader for each type", () => {
  test.each([
    ["sensor_msgs/msg/JointState", "joints: [a, b]", [2]],
    ["geometry_msgs/msg/PoseStamped", "fields: [pose.position.x, pose.position.y]", [2]],
    ["geometry_msgs/msg/TwistStamped", "fields: [twist.linear.x, twist.angular.z]", [2]],
    ["nav_msgs/msg/Odometry", "fields: [pose.pose.orientation], rotation: rotation_6d", [6]],
    ["std_msgs/msg/Float32MultiArray", "scale: 2", [3, 4]],
    ["std_msgs/msg/Float64MultiArray", "unit: mm", [3, 4]],
    ["sensor_msgs/msg/Image", "encoding: 32FC1", [1, 6, 8]],
    ["sensor_msgs/msg/CompressedImage", "layout: channels_last", [6, 8, 3]],
  ])("%s", async (type, rest, shape) => {
    const width = shape.reduce((product, side) => product * side, 1);
    const manifest = jointManifest({
      observation: [
        { name: "position", shape: [1], unit: "rad" },
        { name: "target", shape, unit: "m" },
      ],
      "normalizer.observation.target": { min: new Array(width).fill(0), max: new Array(width).fill(1) },
    });
    const { observations } = await bound(
      "type: std_msgs/msg/Float32MultiArray",
      `type: ${type}, ${rest}`,
      manifest,
    );
    expect(observations[1].reader.type).toBe(type);
  });
});

describe("a writer for each type", () => {
  test.each([
    ["trajectory_msgs/msg/JointTrajectory", "joints: { arm: goal }"],
    ["geometry_msgs/msg/PoseStamped", "frame_id: base, fields: { pose.position.x: goal }"],
    ["geometry_msgs/msg/TwistStamped", "frame_id: base, fields: { twist.angular.z: goal }"],
    ["std_msgs/msg/Float64MultiArray", "actions: [goal]"],
  ])("%s", async (type, rest) => {
    const from = "type: trajectory_msgs/msg/JointTrajectory, joints: { arm: goal }";
    const { actions } = await bound(from, `type: ${type}, ${rest}`);
    expect(actions[0].writer.type).toBe(type);
  });
});

describe("refuses", () => {
  const second = (text: string) => `joints: { arm: goal } }\n  - { ${text} }`;
  test.each([
    [
      "an observation without a topic",
      "  target: { topic: target, type: std_msgs/msg/Float32MultiArray, rate_hz: 0 }",
      "",
      'ros.observations.target: policy "joint" needs it',
    ],
    [
      "an observation that the policy does not have",
      "actions:",
      "  goal: { topic: g, type: std_msgs/msg/Float32MultiArray }\nactions:",
      'ros.observations.goal: policy "joint" has no such observation; it has position, target',
    ],
    [
      "an observation called as something that all objects have",
      "actions:",
      "  constructor: { topic: g, type: std_msgs/msg/Float32MultiArray }\nactions:",
      "ros.observations.constructor: policy",
    ],
    [
      "another number of joints",
      "[arm]",
      "[arm, hand]",
      "ros.observations.position.joints: 2 are named (arm, hand), but the policy wants 1 values",
    ],
    [
      "a unit that does not convert",
      "joints: [arm]",
      "joints: [arm], unit: mm",
      'ros.observations.position.unit: "mm" does not convert to the policy\'s "rad"',
    ],
    [
      "a unit and a scale",
      "joints: [arm]",
      "joints: [arm], unit: deg, scale: 2",
      "ros.observations.position.unit:",
    ],
    [
      "a pose without fields",
      "std_msgs/msg/Float32MultiArray",
      "geometry_msgs/msg/PoseStamped",
      "ros.observations.target.fields: say what",
    ],
    [
      "a pose with fields and points",
      "std_msgs/msg/Float32MultiArray",
      "geometry_msgs/msg/PoseStamped, fields: [pose], body_points: [[0, 0]]",
      "ros.observations.target.fields: give either",
    ],
    [
      "a picture of a shape that is none",
      "std_msgs/msg/Float32MultiArray",
      "sensor_msgs/msg/Image",
      "ros.observations.target.layout: channels_first and rgb8",
    ],
    [
      "an action that the policy does not have",
      "arm: goal",
      "arm: gaol",
      'ros.actions.0.joints.arm: "gaol" is no action of this policy; it has goal',
    ],
    [
      "an action that goes nowhere",
      "arm: goal",
      "arm: gaol",
      'ros.actions: goal of policy "joint" goes nowhere',
    ],
    [
      "a topic published to twice",
      "joints: { arm: goal } }",
      second("topic: joint_trajectory, type: std_msgs/msg/Float64MultiArray, actions: [goal]"),
      'ros.actions.1.topic: "joint_trajectory" is that of ros.actions.0 too',
    ],
  ])("%s", async (_, from, to, problem) => {
    await expect(bound(from, to)).rejects.toThrow(ConfigurationError);
    await expect(bound(from, to)).rejects.toThrow(problem);
  });

  test("all that is wrong at once, a line each", async () => {
    const refusal = bound(
      "joints: [arm] }",
      "joints: [arm], unit: mm }\n  other: { topic: o, type: std_msgs/msg/Float32MultiArray }",
    );
    await expect(refusal).rejects.toThrow(/position\.unit: .*\n {2}ros\.observations\.other: /);
  });

  test.each(["joint states", "2nd/joint_states", "joint_states/", "a//b", "~joint_states"])(
    "%j, which is no topic, before anything is on the graph",
    async (topic) => {
      await expect(sectionOf(JOINT.replace("topic: joint_states", `topic: "${topic}"`))).rejects.toThrow(
        "must be a ROS topic",
      );
    },
  );

  test("a number where a unit alone is wanted", async () => {
    await expect(sectionOf(JOINT.replace("[arm]", "[arm], unit: 10 mm"))).rejects.toThrow(
      "must be a unit alone",
    );
  });
});

test("an action may go to several topics, and to several joints", async () => {
  const { actions } = await bound(
    "joints: { arm: goal } }",
    "joints: { left: goal, right: goal } }\n  - { topic: raw, type: std_msgs/msg/Float64MultiArray, actions: [goal] }",
  );
  expect(actions.map(({ topic }) => topic)).toEqual(["joint_trajectory", "raw"]);
});

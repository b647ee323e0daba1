import fc from "fast-check";
import { SLOPE_NAMES, SOLVER_NAMES } from "../../../src/inference/settings.js";
import type { LaunchDocument } from "../../../src/launch/launch.js";

/** Of the policy in test/policy/manifests.ts: one joint. */
export const JOINT_LAUNCH: LaunchDocument = {
  policy: "/policies/joint",
  solver: { name: "picard", tolerance: 0.1 },
  budgets: { solve: "40 ms" },
  ros: {
    observations: {
      position: { type: "sensor_msgs/msg/JointState", topic: "joint_states", joints: ["elbow"] },
      target: {
        type: "geometry_msgs/msg/PoseStamped",
        topic: "target",
        body_points: [
          [0, 0],
          [0.1, 0, 0.2],
        ],
        qos: { depth: 2 },
      },
    },
    actions: [
      { type: "trajectory_msgs/msg/JointTrajectory", topic: "joint_trajectory", joints: { elbow: "goal" } },
      { type: "std_msgs/msg/Float64MultiArray", topic: "/raw", actions: ["goal"], unit: "deg" },
    ],
  },
};

const duration = fc
  .tuple(fc.integer({ min: 0, max: 5000 }), fc.constantFrom("ms", "s/10", "us"))
  .map(([n, unit]) => (unit === "s/10" ? `${n / 10} s` : `${n} ${unit}`));
const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
// Nobody tells 0 from -0 in a file.
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const text = fc.string({ minLength: 1 });
const topicName = fc.stringMatching(/^(~\/|\/)?[a-z_][a-z0-9_]*(\/[a-z_][a-z0-9_]*)*$/);
const count = fc.integer({ min: 1, max: 1000 });

/** Some of these members, at random. */
const some = <T extends object>(members: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(members, { requiredKeys: [] });

const solver = some({
  name: fc.constantFrom(...SOLVER_NAMES),
  rule: some({
    name: fc.constantFrom("ddpm", "ddim", "dpm-solver"),
    steps: count,
    spacing: fc.constantFrom("leading", "trailing", "linspace"),
    offset: fc.integer({ min: 0, max: 5 }),
    eta: fc.double({ min: 0, max: 1, noNaN: true }),
    final: fc.constantFrom("one", "first"),
    order: fc.constantFrom(1 as const, 2 as const),
  }),
  slope: fc.constantFrom(...SLOPE_NAMES),
  window: count,
  memory: fc.integer({ min: 1, max: 5 }),
  pipelined: fc.boolean(),
  tolerance: positive,
  // Any other is refused of "speculative".
  coupling: fc.constantFrom(0),
  warm: fc.boolean(),
  seed: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
});

const qos = fc.record(
  { reliability: fc.constantFrom("best_effort", "reliable"), depth: fc.integer({ min: 1, max: 1000 }) },
  { requiredKeys: ["depth"] },
);
const source = {
  topic: topicName,
  rate_hz: positive,
  qos,
  unit: fc.constantFrom("mm", "deg"),
  scale: positive,
  offset: finite,
};
const required = ["type", "topic"] as const;
const jointState = fc.record(
  {
    ...source,
    type: fc.constant("sensor_msgs/msg/JointState" as const),
    field: fc.constantFrom("position", "velocity"),
    joints: fc.array(text, { minLength: 1 }),
  },
  { requiredKeys: [...required, "joints"] },
);
const pose = fc.record(
  {
    ...source,
    type: fc.constant("geometry_msgs/msg/PoseStamped" as const),
    fields: fc.array(fc.constantFrom("pose.position", "pose.orientation.z"), { minLength: 1 }),
    body_points: fc.array(fc.array(finite, { minLength: 2, maxLength: 3 }), { minLength: 1 }),
  },
  { requiredKeys: [...required] },
);
const image = fc.record(
  {
    ...source,
    type: fc.constantFrom("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"),
    encoding: fc.constantFrom("rgb8", "mono8"),
  },
  { requiredKeys: [...required] },
);
const fields = fc.constantFrom<Record<string, string>>(
  { "position.x": "goal" },
  { "linear.x": "goal", "angular.z": "goal" },
);
const poseOut = fc.record(
  {
    type: fc.constant("geometry_msgs/msg/PoseStamped" as const),
    topic: topicName,
    frame_id: text,
    fields,
    orientation: fc.constantFrom(
      { quaternion: ["a", "b", "c", "d"] },
      { axis_angle: ["a", "b", "c"] },
      { rotation_6d: ["a", "b", "c", "d", "e", "f"] },
    ),
    qos,
    scale: positive,
  },
  { requiredKeys: [...required, "frame_id", "fields"] },
);
const trajectoryOut = fc.record({
  type: fc.constant("trajectory_msgs/msg/JointTrajectory" as const),
  topic: topicName,
  joints: fc.constantFrom<Record<string, string>>({ elbow: "goal" }, { "arm.1": "a", null: "b" }),
});
const chunk = fc.record({ frame_id: text, fields, offset: finite }, { requiredKeys: ["frame_id", "fields"] });

/** What a person may write into a launch file, with every part present or left out. */
export const anyLaunch: fc.Arbitrary<LaunchDocument> = fc.record(
  {
    policy: text,
    endpoint: text,
    allow_remote: fc.boolean(),
    solver,
    runtime: some({ provider: fc.constantFrom("cpu", "cuda"), threads: fc.integer({ min: 1, max: 256 }) }),
    budgets: some({ tick: duration, solve: duration, max_observation_age: duration, hold: duration }),
    plan: some({
      execute: count,
      overlap: fc.constantFrom("none", "freeze", "predict"),
      command_rate_hz: positive,
    }),
    log: text,
    view: text,
    ros: fc.record(
      {
        observations: fc.dictionary(
          fc.constantFrom("image", "state", "observation.pose", "0"),
          fc.oneof(jointState, pose, image),
        ),
        actions: fc.array(fc.oneof(poseOut, trajectoryOut), { minLength: 1, maxLength: 3 }),
        chunk,
        future_tolerance: duration,
      },
      { requiredKeys: ["observations", "actions"] },
    ),
  },
  { requiredKeys: ["policy"] },
) as fc.Arbitrary<LaunchDocument>;

import type { ActionBinding, ObservationBinding, RosSection } from "../launch/ros-section.js";
import { ConfigurationError } from "../policy/errors.js";
import { type Manifest, type ObservationEntry, width as widthOf } from "../policy/manifest.js";
import { COMMAND_QOS, type Qos, SENSOR_QOS } from "./qos.js";
import { bodyPointsReader } from "./read/body-points.js";
import { compressedImageReader } from "./read/compressed-image.js";
import { fieldsReader } from "./read/fields.js";
import { imageReader } from "./read/image.js";
import { JointStateReader } from "./read/joint-state.js";
import { multiArrayReader } from "./read/multi-array.js";
import { pictureOf } from "./read/pixels.js";
import type { Reader } from "./read/reader.js";
import { resolveScaling } from "./scaling.js";
import type { ActionOutput, ObservationInput, Topics } from "./transport/topics.js";
import { float64MultiArrayWriter } from "./write/float64-multi-array.js";
import { jointTrajectoryWriter } from "./write/joint-trajectory.js";
import { poseStampedWriter } from "./write/pose-stamped.js";
import { twistStampedWriter } from "./write/twist-stamped.js";
import type { Writer } from "./write/writer.js";

/**
 * Fits the `ros` section of a launch file to the policy that it runs. What can be known of a mismatch is known now, not when
 * the robot stands.
 *
 * @throws ConfigurationError with one line per problem, each naming the entry, what was found and what is wanted.
 *
 * @example
 * const { observations, actions } = await resolveBindings(launch.ros, bundle.manifest);
 * for (const { writer, topic, qos } of actions) graph.publisher(writer.type, topic, qos);
 */
export async function resolveBindings(section: RosSection, manifest: Manifest): Promise<Topics> {
  const problems: string[] = [];
  /** Goes on with the next entry, so that a person is told of all of them at once. */
  const attempt = async <T>(where: string, bind: () => Promise<T>): Promise<T[]> => {
    try {
      return [await bind()];
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problems.push(`${where}.${error.message}`);
      return [];
    }
  };
  const observations: ObservationInput[] = [];
  for (const entry of manifest.observation) {
    const where = `ros.observations.${entry.name}`;
    const binding = Object.hasOwn(section.observations, entry.name)
      ? section.observations[entry.name]
      : undefined;
    if (binding)
      observations.push(...(await attempt(where, () => bindObservation(entry, binding, manifest))));
    else problems.push(`${where}: policy "${manifest.name}" needs it; say which topic it comes from`);
  }
  for (const name of Object.keys(section.observations)) {
    if (manifest.observation.some((entry) => entry.name === name)) continue;
    const names = manifest.observation.map((entry) => entry.name).join(", ");
    problems.push(
      `ros.observations.${name}: policy "${manifest.name}" has no such observation; it has ${names}`,
    );
  }
  const actions: ActionOutput[] = [];
  for (const [k, binding] of section.actions.entries()) {
    actions.push(...(await attempt(`ros.actions.${k}`, () => bindAction(binding, manifest))));
  }
  problems.push(...sinkProblems(section.actions, manifest));
  if (problems.length > 0) throw new ConfigurationError(problems.join("\n  "));
  return { observations, actions };
}

async function bindObservation(
  entry: ObservationEntry,
  binding: ObservationBinding,
  manifest: Manifest,
): Promise<ObservationInput> {
  return {
    name: entry.name,
    topic: binding.topic,
    qos: completed(SENSOR_QOS, binding.qos),
    rateHz: binding.rate_hz ?? manifest.rate_hz,
    reader: await readerOf(entry, binding),
  };
}

async function readerOf({ shape, unit }: ObservationEntry, binding: ObservationBinding): Promise<Reader> {
  const width = widthOf(shape);
  const scaling = await resolveScaling(binding, unit);
  switch (binding.type) {
    case "sensor_msgs/msg/JointState":
      return new JointStateReader(binding, width, scaling);
    case "geometry_msgs/msg/PoseStamped": {
      const { fields, body_points: points } = binding;
      if (points && fields)
        throw new ConfigurationError("fields: give either fields or body_points, not both");
      if (points) return bodyPointsReader(points, width, scaling);
      if (fields) return fieldsReader({ ...binding, fields }, width, scaling);
      throw new ConfigurationError("fields: say what of the pose it is, such as [pose.position.x]");
    }
    case "geometry_msgs/msg/TwistStamped":
    case "nav_msgs/msg/Odometry":
      return fieldsReader(binding, width, scaling);
    case "std_msgs/msg/Float32MultiArray":
    case "std_msgs/msg/Float64MultiArray":
      return multiArrayReader(binding.type, shape, scaling);
    case "sensor_msgs/msg/Image":
      return imageReader(pictureOf(binding, shape), scaling);
    case "sensor_msgs/msg/CompressedImage":
      return compressedImageReader(pictureOf(binding, shape), scaling);
  }
}

async function bindAction(binding: ActionBinding, manifest: Manifest): Promise<ActionOutput> {
  return {
    topic: binding.topic,
    qos: completed(COMMAND_QOS, binding.qos),
    writer: await writerOf(binding, manifest),
  };
}

function writerOf(binding: ActionBinding, { action }: Manifest): Promise<Writer> {
  switch (binding.type) {
    case "trajectory_msgs/msg/JointTrajectory":
      return jointTrajectoryWriter(binding, action);
    case "geometry_msgs/msg/PoseStamped":
      return poseStampedWriter(binding, action);
    case "geometry_msgs/msg/TwistStamped":
      return twistStampedWriter(binding, action);
    case "std_msgs/msg/Float64MultiArray":
      return float64MultiArrayWriter(binding, action);
  }
}

/** What is wrong with all of the action bindings together. */
function sinkProblems(bindings: readonly ActionBinding[], manifest: Manifest): string[] {
  const topics = bindings.map(({ topic }) => topic);
  const repeated = bindings.flatMap(({ topic }, k) =>
    topics.indexOf(topic) === k
      ? []
      : [
          `ros.actions.${k}.topic: "${topic}" is that of ros.actions.${topics.indexOf(topic)} too; give each its own`,
        ],
  );
  const used = new Set(bindings.flatMap(actionNames));
  const idle = manifest.action.filter(({ name }) => !used.has(name)).map(({ name }) => name);
  if (idle.length === 0) return repeated;
  return [
    ...repeated,
    `ros.actions: ${idle.join(", ")} of policy "${manifest.name}" goes nowhere; bind every action`,
  ];
}

function actionNames(binding: ActionBinding): readonly string[] {
  switch (binding.type) {
    case "trajectory_msgs/msg/JointTrajectory":
      return Object.values(binding.joints);
    case "geometry_msgs/msg/PoseStamped":
      return [...Object.values(binding.fields), ...Object.values(binding.orientation ?? {}).flat()];
    case "geometry_msgs/msg/TwistStamped":
      return Object.values(binding.fields);
    case "std_msgs/msg/Float64MultiArray":
      return binding.actions;
  }
}

function completed(base: Qos, changes: ActionBinding["qos"]): Qos {
  return {
    reliability: changes?.reliability ?? base.reliability,
    durability: changes?.durability ?? base.durability,
    depth: changes?.depth ?? base.depth,
  };
}

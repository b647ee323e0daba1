import { z } from "zod";
import { durationSchema } from "../control/duration.js";

/** Quality of service of one topic, in the words of the ROS 2 documentation. */
export const qosSchema = z.strictObject({
  reliability: z.enum(["best_effort", "reliable"]).describe("best_effort: lost messages are not sent again"),
  durability: z
    .enum(["volatile", "transient_local"])
    .describe("transient_local: who comes later gets the last messages"),
  depth: z.int().min(1).max(1000).describe("messages kept; of a robot's state only the newest is of use"),
});

const topic = z
  .string()
  .regex(
    /^(~\/|\/)?[a-z_][a-z0-9_]*(\/[a-z_][a-z0-9_]*)*$/i,
    "must be a ROS topic: names of letters, digits and _ that begin with no digit, with / between them",
  )
  .describe("relative to the node's namespace, /absolute or ~/private");
const path = z
  .string()
  .regex(/^[a-z0-9_]+(\.[a-z0-9_]+)*$/, "a field of the message, such as pose.position.x");
const name = z.string().min(1);
const finite = z.number().finite();
const rotation = z
  .enum(["quaternion", "rotation_6d"])
  .default("quaternion")
  .describe(
    "how a whole orientation is given: x y z w, or the first two rows of its matrix, one after the other, " +
      "as Diffusion Policy and pytorch3d have it (Zhou et al. 2019 take columns)",
  );
const scaling = {
  unit: name
    .regex(/^[^\d\s.+-]/, "must be a unit alone, without a number: mm, deg, km/h")
    .optional()
    .describe(
      "of the values in the message, where it is not the policy's: mm, deg, km/h …; orientations have none",
    ),
  scale: finite
    .refine((value) => value !== 0, "must not be 0")
    .optional()
    .describe("policy value = message value × scale + offset, where no unit says it, as for pixels (1)"),
  offset: finite.optional().describe("in the policy's unit; see scale (0)"),
};
const qos = qosSchema
  .partial()
  .optional()
  .describe("what is left out: best_effort for observations, reliable for actions, volatile, depth 1");
const typed = <T extends string>(...types: [T, ...T[]]) => z.enum(types).describe("ROS type of the topic");

const source = {
  topic,
  rate_hz: z
    .number()
    .nonnegative()
    .optional()
    .describe("required rate; the policy's if left out; 0: given once, never stale"),
  qos,
};
const fields = z
  .array(path)
  .min(1)
  .describe("fields whose numbers follow each other; a vector or quaternion gives all of its own");

const jointStateIn = z.strictObject({
  type: typed("sensor_msgs/msg/JointState"),
  ...source,
  field: z
    .enum(["position", "velocity", "effort"])
    .default("position")
    .describe("which array of the message"),
  joints: z.array(name).min(1).describe("matched by name, whatever the message's order"),
  ...scaling,
});
const poseIn = z.strictObject({
  type: typed("geometry_msgs/msg/PoseStamped"),
  ...source,
  fields: fields.optional(),
  rotation,
  body_points: z
    .array(z.array(finite).min(2).max(3))
    .min(1)
    .optional()
    .describe("instead of fields: these points of the body, in its own frame, where the pose puts them"),
  ...scaling,
});
const twistIn = z.strictObject({
  type: typed("geometry_msgs/msg/TwistStamped"),
  ...source,
  fields,
  ...scaling,
});
const odometryIn = z.strictObject({
  type: typed("nav_msgs/msg/Odometry"),
  ...source,
  fields,
  rotation,
  ...scaling,
});
const arrayIn = z.strictObject({
  type: typed("std_msgs/msg/Float32MultiArray", "std_msgs/msg/Float64MultiArray"),
  ...source,
  ...scaling,
});
const imageIn = z.strictObject({
  type: typed("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"),
  ...source,
  encoding: z
    .enum(["rgb8", "bgr8", "mono8", "32FC1"])
    .default("rgb8")
    .describe("what the policy was trained on; rgb8 and bgr8 are converted into each other"),
  layout: z
    .enum(["channels_first", "channels_last"])
    .default("channels_first")
    .describe("[C, H, W], as PyTorch has it, or [H, W, C]"),
  ...scaling,
});

/** How one observation of the policy comes out of a topic. */
export const observationBindingSchema = z.discriminatedUnion("type", [
  jointStateIn,
  poseIn,
  twistIn,
  odometryIn,
  arrayIn,
  imageIn,
]);
export type ObservationBinding = z.infer<typeof observationBindingSchema>;

const sink = { topic, qos };
const actionFields = z
  .record(path, name)
  .describe("field of the message, such as pose.position.x: action of the policy");

const trajectoryOut = z.strictObject({
  type: typed("trajectory_msgs/msg/JointTrajectory"),
  ...sink,
  joints: z
    .record(name, name)
    .refine((joints) => Object.keys(joints).length > 0, "must name a joint")
    .describe("joint: action of the policy"),
  ...scaling,
});
const poseOut = z.strictObject({
  type: typed("geometry_msgs/msg/PoseStamped"),
  ...sink,
  frame_id: name.describe("of the header: the frame that the values are in"),
  fields: actionFields,
  orientation: z
    .union([
      z.strictObject({ quaternion: z.array(name).length(4).describe("the actions that are x, y, z, w") }),
      z.strictObject({
        rotation_6d: z
          .array(name)
          .length(6)
          .describe("the actions that are the first two rows of the rotation matrix"),
      }),
      z.strictObject({
        axis_angle: z.array(name).length(3).describe("the actions that are the axis, as long as the angle"),
      }),
    ])
    .optional()
    .describe("identity unless given"),
  ...scaling,
});
const twistOut = z.strictObject({
  type: typed("geometry_msgs/msg/TwistStamped"),
  ...sink,
  frame_id: name.describe("of the header: the frame that the values are in"),
  fields: actionFields,
  ...scaling,
});
const arrayOut = z.strictObject({
  type: typed("std_msgs/msg/Float64MultiArray"),
  ...sink,
  actions: z.array(name).min(1).describe("the actions of the policy that the array holds, in this order"),
  ...scaling,
});

/** How actions of the policy leave on a topic. */
export const actionBindingSchema = z.discriminatedUnion("type", [trajectoryOut, poseOut, twistOut, arrayOut]);
export type ActionBinding = z.infer<typeof actionBindingSchema>;

const chunk = z.strictObject({
  frame_id: name.describe("of the header: the frame that the values are in"),
  fields: actionFields,
  ...scaling,
});

/** `ros` in a launch file: where the policy's observations come from on a ROS 2 graph, and where its actions go. */
export const rosSectionSchema = z.strictObject({
  observations: z
    .record(name, observationBindingSchema)
    .describe("one per observation of the policy, by its name"),
  actions: z.array(actionBindingSchema).min(1).describe("every action of the policy goes to one at least"),
  chunk: chunk
    .optional()
    .describe("what ~/chunk draws, where no PoseStamped action says it; as for one, in metres of the frame"),
  future_tolerance: durationSchema
    .optional()
    .describe("how far ahead of this machine's time a stamp may be before its message is refused (50 ms)"),
});
export type RosSection = z.infer<typeof rosSectionSchema>;

import { ConfigurationError } from "../../policy/errors.js";
import type { ActionEntry } from "../../policy/manifest.js";
import { fromAxisAngle, fromRotation6d, IDENTITY, type Quaternion, unitQuaternion } from "../rotation.js";
import type { ScalingSettings } from "../scaling.js";
import { channelsOf, messageValue, vectorChannels, vectorOf } from "./channel.js";
import type { Command, Writer } from "./writer.js";

export interface PoseStampedBinding extends ScalingSettings {
  readonly frame_id: string;
  /** Field, such as `pose.position.x`: action. */
  readonly fields: Readonly<Record<string, string>>;
  readonly orientation?: OrientationBinding | undefined;
}

/** Names of the actions that an orientation is made of. */
export type OrientationBinding =
  | { readonly quaternion: readonly string[] }
  | { readonly rotation_6d: readonly string[] }
  | { readonly axis_angle: readonly string[] };

/**
 * Writes the action of this step as a pose. Numbers without an action are 0, the orientation without any is the identity. The
 * scaling is of the position; an axis and angle is turned from its actions' own unit into radians.
 *
 * @throws ConfigurationError for a field that is not there, an action that the policy does not have, or a unit that does not
 * convert.
 */
export async function poseStampedWriter(
  binding: PoseStampedBinding,
  actions: readonly ActionEntry[],
): Promise<Writer> {
  const [position] = await vectorChannels(["pose.position"], binding.fields, actions, binding);
  const orientationOf = await orientationReader(binding.orientation, actions);
  return {
    type: "geometry_msgs/msg/PoseStamped",
    write({ stamp, rows }: Command) {
      const [x, y, z, w] = orientationOf(rows);
      return {
        header: { stamp: { sec: stamp.sec, nanosec: stamp.nanosec }, frame_id: binding.frame_id },
        pose: { position: vectorOf(rows, position), orientation: { x, y, z, w } },
      };
    },
  };
}

async function orientationReader(
  binding: OrientationBinding | undefined,
  actions: readonly ActionEntry[],
): Promise<(rows: Float32Array) => Quaternion> {
  if (!binding) return () => IDENTITY;
  const [[form, names]] = Object.entries(binding) as [string, readonly string[]][];
  const settings: ScalingSettings = form === "axis_angle" ? { unit: "rad" } : {};
  try {
    const channels = await channelsOf(names, actions, settings);
    const valuesOf = (rows: Float32Array) => channels.map((channel) => messageValue(rows, 0, channel));
    return (rows) => {
      const values = valuesOf(rows);
      if (form === "rotation_6d") return fromRotation6d(values);
      const [x, y, z, w] = values;
      return form === "axis_angle" ? fromAxisAngle(x, y, z) : unitQuaternion(x, y, z, w);
    };
  } catch (error) {
    throw new ConfigurationError(`orientation.${form}: ${(error as Error).message}`);
  }
}

import type { ActionEntry } from "../../policy/manifest.js";
import type { ScalingSettings } from "../scaling.js";
import { vectorChannels, vectorOf } from "./channel.js";
import type { Command, Writer } from "./writer.js";

export interface TwistStampedBinding extends ScalingSettings {
  readonly frame_id: string;
  /** Field, such as `twist.linear.x`: action. */
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Writes the action of this step as a velocity; numbers without an action are 0.
 *
 * @throws ConfigurationError for a field that is not there, an action that the policy does not have, or a unit that does not
 * convert.
 */
export async function twistStampedWriter(
  binding: TwistStampedBinding,
  actions: readonly ActionEntry[],
): Promise<Writer> {
  const vectors = ["twist.linear", "twist.angular"];
  const [linear, angular] = await vectorChannels(vectors, binding.fields, actions, binding);
  return {
    type: "geometry_msgs/msg/TwistStamped",
    write({ stamp, rows }: Command) {
      return {
        header: { stamp: { sec: stamp.sec, nanosec: stamp.nanosec }, frame_id: binding.frame_id },
        twist: { linear: vectorOf(rows, linear), angular: vectorOf(rows, angular) },
      };
    },
  };
}

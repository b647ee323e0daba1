import { ConfigurationError } from "../../policy/errors.js";
import type { ActionEntry } from "../../policy/manifest.js";
import type { ScalingSettings } from "../scaling.js";
import { type Channel, channelsOf, messageValue } from "./channel.js";
import type { Command, Writer } from "./writer.js";

export interface Float64MultiArrayBinding extends ScalingSettings {
  readonly actions: readonly string[];
}

/**
 * Writes the action of this step as numbers in the order of the binding, as ros2_controllers' forward command controllers
 * take them.
 *
 * @throws ConfigurationError for an action that the policy does not have, or a unit that does not convert.
 */
export async function float64MultiArrayWriter(
  binding: Float64MultiArrayBinding,
  actions: readonly ActionEntry[],
): Promise<Writer> {
  let channels: readonly Channel[];
  try {
    channels = await channelsOf(binding.actions, actions, binding);
  } catch (error) {
    throw new ConfigurationError(`actions: ${(error as Error).message}`);
  }
  return {
    type: "std_msgs/msg/Float64MultiArray",
    write({ rows }: Command) {
      const data = channels.map((channel) => messageValue(rows, 0, channel));
      return { layout: { dim: [], data_offset: 0 }, data };
    },
  };
}

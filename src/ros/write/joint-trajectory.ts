import { tangent } from "../../control/spline.js";
import { ConfigurationError } from "../../policy/errors.js";
import type { ActionEntry } from "../../policy/manifest.js";
import type { ScalingSettings } from "../scaling.js";
import { msToDuration } from "../stamp.js";
import { type Channel, channelOf, messageValue } from "./channel.js";
import type { Command, Writer } from "./writer.js";

export interface JointTrajectoryBinding extends ScalingSettings {
  /** Joint: action. */
  readonly joints: Readonly<Record<string, string>>;
}

/** Share of a period that the robot has at least to reach the first point: what moves it at most at twice the plan's speed. */
const SOONEST = 0.5;

/**
 * Writes the plan as a trajectory with a point at the end of each step, where its action is reached. Points that are past by
 * now, or as good as past, are left out: a controller jumps to one in the past. Velocities are those of a monotone cubic through the actions (Fritsch and Carlson 1980) and zero at the last point:
 * there the robot comes to rest, should nothing newer arrive.
 *
 * Each velocity depends on an action and its two neighbours alone, the first on what was commanded before. A controller that
 * goes on from its desired state, as ros2_controllers' `joint_trajectory_controller` does with
 * `interpolate_from_desired_state`, therefore moves with a continuous velocity over every seam, and along an unchanged plan as
 * if there were none.
 *
 * @throws ConfigurationError for an action that the policy does not have, or a unit that does not convert.
 */
export async function jointTrajectoryWriter(
  binding: JointTrajectoryBinding,
  actions: readonly ActionEntry[],
): Promise<Writer> {
  const joints = Object.keys(binding.joints);
  const channels: Channel[] = [];
  for (const joint of joints) {
    try {
      channels.push(await channelOf(binding.joints[joint], actions, binding));
    } catch (error) {
      throw new ConfigurationError(`joints.${joint}: ${(error as Error).message}`);
    }
  }
  const width = actions.length;
  return {
    type: "trajectory_msgs/msg/JointTrajectory",
    write(command: Command) {
      const { stamp, periodMs, rows, before } = command;
      const { first, sinceMs } = ahead(command, rows.length / width);
      return {
        header: { stamp: { sec: stamp.sec, nanosec: stamp.nanosec }, frame_id: "" },
        joint_names: [...joints],
        points: Array.from({ length: rows.length / width - first }, (_, k) => ({
          positions: channels.map((channel) => messageValue(rows, (first + k) * width, channel)),
          velocities: channels.map(
            (channel) => velocity(rows, width, first + k, channel, before) * (1000 / periodMs),
          ),
          accelerations: [],
          effort: [],
          time_from_start: msToDuration(sinceMs + (first + k + 1) * periodMs),
        })),
      };
    },
  };
}

/** The first row that there is still time for, and when row 0 begins: now, where there is time for none. */
function ahead(
  { sinceStampMs, ageMs, periodMs }: Command,
  length: number,
): { readonly first: number; readonly sinceMs: number } {
  const first = Math.max(0, Math.ceil((ageMs - sinceStampMs) / periodMs + SOONEST - 1));
  return first < length ? { first, sinceMs: sinceStampMs } : { first: 0, sinceMs: ageMs };
}

/** In units of the message per step. Without an action before the first, the robot is taken to stand at it. */
function velocity(
  rows: Float32Array,
  width: number,
  k: number,
  { index, scaling }: Channel,
  before: Float32Array | undefined,
): number {
  const at = k * width + index;
  if (at + width >= rows.length) return 0;
  const previous = k > 0 ? rows[at - width] : (before?.[index] ?? rows[at]);
  return tangent(previous, rows[at], rows[at + width]) / scaling.scale;
}

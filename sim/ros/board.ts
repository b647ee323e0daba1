import { msToStamp, type Stamp } from "../../src/ros/stamp.js";
import type { PushTState } from "../pusht/observation.js";

/**
 * PushT as ROS sees it: metres, 1 m = 1000 px, in the frame "board": x right, y down and so, right-handed, z into it.
 * A yaw about z is then the angle of the task.
 */
export const BOARD = "board";
export const PIXELS_PER_METRE = 1000;

/** The agent as a gantry: the joints that carry it along x and y. */
export const JOINTS = ["gantry_x", "gantry_y"] as const;

export interface Header {
  readonly stamp: Stamp;
  readonly frame_id: string;
}

/** geometry_msgs/Pose on the board, and geometry_msgs/Transform, out of pixels and radians. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly yaw: number;
}

/** @param at ROS time, ms. */
export function boardHeader(at: number): Header {
  return { stamp: msToStamp(at), frame_id: BOARD };
}

/** Where the agent is, unturned: it is round. */
export function agentPlace([x, y]: PushTState): Place {
  return { x, y, yaw: 0 };
}

export function blockPlace([, , x, y, yaw]: PushTState): Place {
  return { x, y, yaw };
}

/** geometry_msgs/PoseStamped. */
export function poseStamped(header: Header, { x, y, yaw }: Place): object {
  return { header, pose: { position: position(x, y), orientation: about(yaw) } };
}

/** geometry_msgs/TransformStamped from the board to a frame at this place. */
export function transformStamped(header: Header, child_frame_id: string, { x, y, yaw }: Place): object {
  return { header, child_frame_id, transform: { translation: position(x, y), rotation: about(yaw) } };
}

/** sensor_msgs/JointState of the gantry. @param velocity px/s. */
export function jointState(header: Header, [x, y]: PushTState, velocity: readonly number[]): object {
  return {
    header,
    name: [...JOINTS],
    position: [x / PIXELS_PER_METRE, y / PIXELS_PER_METRE],
    velocity: velocity.map((v) => v / PIXELS_PER_METRE),
    effort: [],
  };
}

function position(x: number, y: number): object {
  return { x: x / PIXELS_PER_METRE, y: y / PIXELS_PER_METRE, z: 0 };
}

function about(yaw: number): object {
  return { x: 0, y: 0, z: Math.sin(yaw / 2), w: Math.cos(yaw / 2) };
}

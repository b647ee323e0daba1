import { isUnset, type Stamp, stampToMs } from "../../src/ros/stamp.js";
import { BOARD, type Header, JOINTS } from "./board.js";
import type { Waypoint } from "./trajectory.js";

/** What a command asks for, or why it cannot be done, in words for a person. */
export type Reading<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string };

interface PoseMessage {
  readonly header: Header;
  readonly pose: { readonly position: { readonly x: number; readonly y: number } };
}

interface TrajectoryMessage {
  readonly header: Header;
  readonly joint_names: readonly string[];
  readonly points: readonly PointMessage[];
}

interface PointMessage {
  readonly positions: ArrayLike<number>;
  readonly velocities: ArrayLike<number>;
  readonly time_from_start: Stamp;
}

/** ROS time of a command's header, ms; undefined where nobody filled it in. */
export function commandStamp(message: unknown): number | undefined {
  const { stamp } = (message as { readonly header: Header }).header;
  return isUnset(stamp) ? undefined : stampToMs(stamp);
}

/** Where geometry_msgs/PoseStamped sends the agent, in metres. */
export function readTargetPose(message: unknown): Reading<readonly number[]> {
  const { header, pose } = message as PoseMessage;
  if (header.frame_id !== BOARD) {
    return no(`target_pose is in the frame "${header.frame_id}"; give it in "${BOARD}", in metres`);
  }
  const { x, y } = pose.position;
  if (!(Number.isFinite(x) && Number.isFinite(y))) {
    return no(`target_pose asks for the position (${x}, ${y}); both must be finite numbers of metres`);
  }
  return { ok: true, value: [x, y] };
}

/**
 * The points of trajectory_msgs/JointTrajectory, joints in the gantry's order, in metres.
 *
 * @param now ROS time, ms: where the trajectory begins unless its stamp says otherwise.
 */
export function readTrajectory(message: unknown, now: number): Reading<readonly Waypoint[]> {
  const { joint_names: names, points } = message as TrajectoryMessage;
  const order = JOINTS.map((joint) => names.indexOf(joint));
  if (names.length !== JOINTS.length || order.includes(-1)) {
    return no(`joint_trajectory names the joints [${names.join(", ")}]; give ${JOINTS.join(" and ")}`);
  }
  if (points.length === 0) return no("joint_trajectory has no points; give one at least");
  const start = commandStamp(message) ?? now;
  const waypoints: Waypoint[] = [];
  for (const [k, { positions, velocities, time_from_start }] of points.entries()) {
    const at = start + stampToMs(time_from_start);
    const problem =
      listProblem("positions", positions) ??
      (velocities.length > 0 ? listProblem("velocities", velocities) : undefined) ??
      (k > 0 && at <= waypoints[k - 1].at ? "is not later than the one before" : undefined);
    if (problem) return no(`point ${k} of joint_trajectory ${problem}`);
    waypoints.push({
      at,
      positions: order.map((joint) => positions[joint]),
      velocities: velocities.length > 0 ? order.map((joint) => velocities[joint]) : undefined,
    });
  }
  const ago = now - waypoints[waypoints.length - 1].at;
  if (ago > 0) {
    return no(
      `joint_trajectory ended ${ago.toFixed(0)} ms ago: its points are at header.stamp + time_from_start; ` +
        "is the sender's clock this one, and use_sim_time set alike?",
    );
  }
  return { ok: true, value: waypoints };
}

function listProblem(what: string, values: ArrayLike<number>): string | undefined {
  const list = Array.from(values);
  if (list.length !== JOINTS.length) return `has ${list.length} ${what}; give one per joint`;
  if (!list.every(Number.isFinite)) return `has the ${what} [${list.join(", ")}]; all must be finite`;
  return undefined;
}

function no(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}

import type { Pose } from "../arm/pose.js";
import { type AxisAngle, axisAngleToQuaternion } from "../rotation/axis-angle.js";
import { product } from "../rotation/quaternion.js";
import { quaternionToSixD, sixDToQuaternion } from "../rotation/six-d.js";

/** What a control step asks for: where the hand is to be at its end, and the gripper's command from -1, open, to 1, close. */
export interface Command {
  readonly target: Pose;
  readonly grip: number;
}

/** What a delta action of 1 means per control step: m and rad, as in robosuite. */
const DELTA_LENGTH = 0.05;
const DELTA_TURN = 0.5;

/** An absolute action of 7 values: position in m, axis times angle in rad, world axes; gripper. */
export function fromAbsolute(action: ArrayLike<number>): Command {
  const [x, y, z, rx, ry, rz, grip] = finite(action, 7);
  return { target: { position: [x, y, z], orientation: axisAngleToQuaternion([rx, ry, rz]) }, grip };
}

/** A delta action of 7 values from -1 to 1, beyond which they are clipped, from where the hand is. */
export function fromDelta(action: ArrayLike<number>, { position, orientation }: Pose): Command {
  const [x, y, z, rx, ry, rz, grip] = finite(action, 7).map((value) => Math.min(1, Math.max(-1, value)));
  const turn: AxisAngle = [DELTA_TURN * rx, DELTA_TURN * ry, DELTA_TURN * rz];
  return {
    target: {
      position: [
        position[0] + DELTA_LENGTH * x,
        position[1] + DELTA_LENGTH * y,
        position[2] + DELTA_LENGTH * z,
      ],
      orientation: product(axisAngleToQuaternion(turn), orientation),
    },
    grip,
  };
}

/** A policy's action of 10 values: position in m, the first two rows of the rotation matrix, gripper. */
export function fromPolicyAction(action: ArrayLike<number>): Command {
  const values = finite(action, 10);
  const [x, y, z] = values;
  return { target: { position: [x, y, z], orientation: sixDToQuaternion(values, 3) }, grip: values[9] };
}

export function toPolicyAction({ target, grip }: Command): number[] {
  return [...target.position, ...quaternionToSixD(target.orientation), grip];
}

function finite(action: ArrayLike<number>, length: number): number[] {
  const values = Array.from(action);
  if (values.length !== length || !values.every(Number.isFinite)) {
    throw new RangeError(`action must be ${length} finite numbers, got [${values.join(", ")}]`);
  }
  return values;
}

import type { Pose } from "../arm/pose.js";
import { nearestSign, type Quaternion } from "../rotation/quaternion.js";

/**
 * What a policy sees, by robomimic's names and in its order, 19 values together: m, world axes; quaternions x, y, z, w.
 *
 * A quaternion and its negative are the same rotation. Each series starts with the sign that is nearer to what it is about at
 * the start (the cube unturned, the hand straight down) and then goes on with the sign nearer to the value before.
 */
export type LiftObservation = {
  readonly cube_pos: Float64Array;
  readonly cube_quat: Float64Array;
  /** From the cube to the hand. */
  readonly gripper_to_cube_pos: Float64Array;
  readonly robot0_eef_pos: Float64Array;
  readonly robot0_eef_quat: Float64Array;
  /** Left and right finger: 0 closed; open, 0.04 and -0.04. */
  readonly robot0_gripper_qpos: Float64Array;
};

/** The hand straight down: half a turn about x. */
export const HAND_DOWN: Quaternion = [1, 0, 0, 0];
const UPRIGHT: Quaternion = [0, 0, 0, 1];

/** Makes the observations of one episode, in order. */
export class Observer {
  #cube = UPRIGHT;
  #hand = HAND_DOWN;

  observe(cube: Pose, hand: Pose, fingers: readonly number[]): LiftObservation {
    this.#cube = nearestSign(cube.orientation, this.#cube);
    this.#hand = nearestSign(hand.orientation, this.#hand);
    return {
      cube_pos: Float64Array.from(cube.position),
      cube_quat: Float64Array.from(this.#cube),
      gripper_to_cube_pos: Float64Array.from(hand.position, (at, d) => at - cube.position[d]),
      robot0_eef_pos: Float64Array.from(hand.position),
      robot0_eef_quat: Float64Array.from(this.#hand),
      robot0_gripper_qpos: Float64Array.from(fingers),
    };
  }
}

import type { Arm } from "../arm/arm.js";
import { HAND_DOWN } from "../arm/model.js";
import { QuaternionSeries } from "../rotation/series.js";

/** What every task on the table shows of the arm, by robomimic's names and in its order: m, world axes. */
export type Proprioception = {
  readonly robot0_eef_pos: Float64Array;
  /** x, y, z, w; the sign nearer to the hand straight down at first, and then to the value before. */
  readonly robot0_eef_quat: Float64Array;
  /** Left and right finger: 0 closed; open, 0.04 and -0.04. */
  readonly robot0_gripper_qpos: Float64Array;
};

/** Watches the arm through one episode. */
export function watchArm(): (arm: Arm) => Proprioception {
  const turn = new QuaternionSeries(HAND_DOWN);
  return (arm) => {
    const { position, orientation } = arm.pose();
    return {
      robot0_eef_pos: Float64Array.from(position),
      robot0_eef_quat: Float64Array.from(turn.next(orientation)),
      robot0_gripper_qpos: Float64Array.from(arm.fingers()),
    };
  };
}

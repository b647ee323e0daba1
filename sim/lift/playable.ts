import { aboutZ, product } from "../rotation/quaternion.js";
import { fromPolicyAction, toPolicyAction } from "../table/action.js";
import { drawTable } from "../table/picture.js";
import type { World } from "../world.js";
import { demonstrateLift } from "./demonstrate.js";
import { LiftEnv } from "./env.js";
import { HAND_DOWN, type LiftObservation } from "./observation.js";

/**
 * Lift as a world to play, with the actions of a policy: 10 values, position (m), the first two rows of the rotation matrix,
 * and the gripper from -1, open, to 1, close.
 */
export async function playableLift(): Promise<World> {
  const env = await LiftEnv.open();
  const { arm } = env.table;
  return {
    env: {
      maxSteps: env.maxSteps,
      reset: (options) => env.reset(options),
      step: (action) => env.follow(fromPolicyAction(action)),
    },
    /**
     * Where the arm is being led, with the gripper's last command. Where it is measured would do too, but a hand that sags
     * under a load by a millimetre would then sink by one every time it is asked.
     */
    hold: () => toPolicyAction({ target: arm.reference, grip: arm.grip }),
    /** The hand about the cube, turning to and fro, opening and closing. */
    exercise: ({ cube_pos: [x, y, z] }: LiftObservation, step) =>
      toPolicyAction({
        target: { position: [x, y, z], orientation: product(aboutZ(Math.sin(step / 20)), HAND_DOWN) },
        grip: Math.sin(step / 7),
      }),
    render: ({ action, plan, caption }) =>
      drawTable(env.table, {
        target: fromPolicyAction(action).target.position,
        plan: plan.map((row) => fromPolicyAction(row).target.position),
        caption,
      }),
    demonstrate: (seed) => demonstrateLift(env, seed),
  };
}

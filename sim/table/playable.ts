import { HAND_DOWN } from "../arm/model.js";
import type { RandomState } from "../mt19937.js";
import { aboutZ, product } from "../rotation/quaternion.js";
import type { Seen } from "../seen.js";
import type { World } from "../world.js";
import { fromPolicyAction, toPolicyAction } from "./action.js";
import type { TableEnv } from "./env.js";
import { demonstrate, type Expert } from "./expert.js";
import { drawTable } from "./picture.js";

/**
 * A task on the table as a world to play, with the actions of a policy: 10 values, position (m), the first two rows of the
 * rotation matrix, and the gripper from -1, open, to 1, close.
 */
export function playableTable<Observation extends Seen>(
  task: string,
  env: TableEnv<Observation>,
  train: (random: RandomState) => Expert<Observation>,
) {
  const { table } = env;
  return {
    task,
    env: {
      reset: (options) => env.reset(options),
      step: (action) => env.follow(fromPolicyAction(action)),
    },
    /**
     * Where the arm is being led, with the gripper's last command. Where it is measured would do too, but a hand that sags
     * under a load by a millimetre would then sink by one every time it is asked.
     */
    hold: () => toPolicyAction({ target: table.arm.reference, grip: table.arm.grip }),
    /** The hand about the first cube, turning to and fro, opening and closing. */
    exercise: (_, step) =>
      toPolicyAction({
        target: {
          position: table.cubes[0].position,
          orientation: product(aboutZ(Math.sin(step / 20)), HAND_DOWN),
        },
        grip: Math.sin(step / 7),
      }),
    render: ({ action, plan, caption }) =>
      drawTable(table, {
        target: fromPolicyAction(action).target.position,
        plan: plan.map((row) => fromPolicyAction(row).target.position),
        caption,
      }),
    demonstrate: (seed) => demonstrate(env, train, seed),
    close: () => env.close(),
  } satisfies World;
}

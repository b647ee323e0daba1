import { aboutZ, UPRIGHT } from "../rotation/quaternion.js";
import { QuaternionSeries } from "../rotation/series.js";
import { wayBetween } from "../table/observed-pose.js";
import { type Proprioception, watchArm } from "../table/proprioception.js";
import { TABLE_HEIGHT } from "../table/table-top.js";
import type { TableTask } from "../table/task.js";

export const CUBE_HALF_SIDE = 0.021;
/** The cube starts within a square of this half side, m. */
const PLACEMENT = 0.03;
const REST_HEIGHT = TABLE_HEIGHT + CUBE_HALF_SIDE;
/** Of the cube's centre, as in robosuite; the cube is then about two centimetres off the table. */
const LIFTED_HEIGHT = TABLE_HEIGHT + 0.04;

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
} & Proprioception;

/**
 * Lift: grasp a cube and lift it.
 *
 * @example
 * const env = await TableEnv.open(lift);
 * env.reset({ seed: 100_000 });
 * const { observation, reward } = env.step([0, 0, 0.9, Math.PI, 0, 0, -1]);
 * env.close();
 */
export const lift: TableTask<LiftObservation> = {
  cubes: [{ name: "cube", halfSide: CUBE_HALF_SIDE, rgba: "0.78 0.16 0.16 1" }],
  maxSteps: 400,
  place(random) {
    const x = random.uniform(-PLACEMENT, PLACEMENT);
    const y = random.uniform(-PLACEMENT, PLACEMENT);
    return [{ position: [x, y, REST_HEIGHT], orientation: aboutZ(random.uniform(0, 2 * Math.PI)) }];
  },
  observer() {
    const cubeTurn = new QuaternionSeries(UPRIGHT);
    const seeArm = watchArm();
    return ({ arm, cubes: [cube] }) => ({
      cube_pos: Float64Array.from(cube.position),
      cube_quat: Float64Array.from(cubeTurn.next(cube.orientation)),
      gripper_to_cube_pos: wayBetween(cube, arm.pose()),
      ...seeArm(arm),
    });
  },
  progress({ cubes: [cube] }) {
    const way = (cube.position[2] - REST_HEIGHT) / (LIFTED_HEIGHT - REST_HEIGHT);
    return Math.min(1, Math.max(0, way));
  },
};

import type { Pose } from "../arm/pose.js";
import type { RandomState } from "../mt19937.js";
import { aboutZ, UPRIGHT } from "../rotation/quaternion.js";
import { QuaternionSeries } from "../rotation/series.js";
import { wayBetween } from "../table/observed-pose.js";
import { type Proprioception, watchArm } from "../table/proprioception.js";
import { TABLE_HEIGHT } from "../table/table-top.js";
import type { TableTask } from "../table/task.js";

/** m; of the cube that is put on top, and of the one below. */
export const UPPER_HALF_SIDE = 0.02;
export const LOWER_HALF_SIDE = 0.025;
/** The cubes start within a square of this half side, so far apart that an open hand fits between them; m. */
const PLACEMENT = 0.08;
const CLEARANCE = 0.1;
const STACKED_HEIGHT = LOWER_HALF_SIDE + UPPER_HALF_SIDE;
/** The upper cube may stand so far off the height that it has when it lies flat on the lower one. */
const FLAT = 0.004;
/** Fingers farther from the middle than this hold nothing. */
const LET_GO = UPPER_HALF_SIDE + 0.004;

/**
 * What a policy sees, by robomimic's names and in robosuite's order, 32 values together: m, world axes; quaternions x, y, z,
 * w, each series without jumps of sign. Cube A is the one to be put on cube B.
 */
export type StackObservation = {
  readonly cubeA_pos: Float64Array;
  readonly cubeA_quat: Float64Array;
  readonly cubeB_pos: Float64Array;
  readonly cubeB_quat: Float64Array;
  /** From the hand to cube A, to cube B, and from cube A to cube B. */
  readonly gripper_to_cubeA: Float64Array;
  readonly gripper_to_cubeB: Float64Array;
  readonly cubeA_to_cubeB: Float64Array;
} & Proprioception;

/**
 * Stack: put the red cube on the green one and let go of it.
 *
 * Progress is a quarter for the red cube's way up to the height of the stack, half for its way over the green one, and the
 * rest when it lies there and the fingers are off it.
 */
export const stack: TableTask<StackObservation> = {
  cubes: [
    { name: "cubeA", halfSide: UPPER_HALF_SIDE, rgba: "0.78 0.16 0.16 1" },
    { name: "cubeB", halfSide: LOWER_HALF_SIDE, rgba: "0.18 0.55 0.25 1" },
  ],
  maxSteps: 500,
  place(random) {
    const upper = draw(random, UPPER_HALF_SIDE);
    for (;;) {
      const lower = draw(random, LOWER_HALF_SIDE);
      if (across(upper, lower) > CLEARANCE) return [upper, lower];
    }
  },
  observer() {
    const [turnA, turnB] = [new QuaternionSeries(UPRIGHT), new QuaternionSeries(UPRIGHT)];
    const seeArm = watchArm();
    return ({ arm, cubes: [a, b] }) => {
      const hand = arm.pose();
      return {
        cubeA_pos: Float64Array.from(a.position),
        cubeA_quat: Float64Array.from(turnA.next(a.orientation)),
        cubeB_pos: Float64Array.from(b.position),
        cubeB_quat: Float64Array.from(turnB.next(b.orientation)),
        gripper_to_cubeA: wayBetween(hand, a),
        gripper_to_cubeB: wayBetween(hand, b),
        cubeA_to_cubeB: wayBetween(a, b),
        ...seeArm(arm),
      };
    };
  },
  progress({ arm, cubes: [a, b] }) {
    const height = a.position[2] - b.position[2];
    const rest = UPPER_HALF_SIDE - LOWER_HALF_SIDE;
    const up = Math.min(1, Math.max(0, (height - rest) / (STACKED_HEIGHT - FLAT - rest)));
    const gap = across(a, b);
    const over = up === 1 ? Math.max(0, 1 - gap / (2 * PLACEMENT)) : 0;
    const isStacked = Math.abs(height - STACKED_HEIGHT) < FLAT && gap < LOWER_HALF_SIDE;
    const [left, right] = arm.fingers();
    if (isStacked && left > LET_GO && right < -LET_GO) return 1;
    return 0.25 * up + 0.5 * over;
  },
};

function draw(random: RandomState, halfSide: number): Pose {
  const x = random.uniform(-PLACEMENT, PLACEMENT);
  const y = random.uniform(-PLACEMENT, PLACEMENT);
  const orientation = aboutZ(random.uniform(0, 2 * Math.PI));
  return { position: [x, y, TABLE_HEIGHT + halfSide], orientation };
}

/** Horizontally, m. */
function across(a: Pose, b: Pose): number {
  return Math.hypot(a.position[0] - b.position[0], a.position[1] - b.position[1]);
}

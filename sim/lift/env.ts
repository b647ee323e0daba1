import type { Environment, ResetResult, StepResult } from "../gym.js";
import { RandomState } from "../mt19937.js";
import { aboutZ } from "../rotation/quaternion.js";
import { type Command, fromAbsolute, fromDelta } from "../table/action.js";
import { TABLE_HEIGHT, TableTop } from "../table/table-top.js";
import { type LiftObservation, Observer } from "./observation.js";

export const CUBE_HALF_SIDE = 0.021;
const CUBE = { name: "cube", halfSide: CUBE_HALF_SIDE, rgba: "0.78 0.16 0.16 1" };
/** The cube starts within a square of this half side, m. */
const PLACEMENT = 0.03;
const REST_HEIGHT = TABLE_HEIGHT + CUBE_HALF_SIDE;
/** Of the cube's centre; the cube is then about two centimetres off the table. */
const LIFTED_HEIGHT = TABLE_HEIGHT + 0.04;
const DEFAULT_MAX_STEPS = 400;

export interface LiftOptions {
  /** `absolute`: targets in world axes; `delta`: from where the hand is. Absolute unless given. */
  readonly control?: "absolute" | "delta";
  /** Steps after which an episode is truncated; a positive integer, 400 unless given. */
  readonly maxSteps?: number;
}

export interface LiftInfo {
  /** How far the cube is on its way from rest to lifted, 0 to 1. */
  readonly progress: number;
}

/**
 * Lift: grasp a cube on a table and lift it, in the manner of robosuite's task of that name (Zhu et al. 2020,
 * arXiv:2009.12293), at 20 Hz, with an arm of our own.
 *
 * An action is seven numbers: see `fromAbsolute` and `fromDelta`. Reward is 1 where the cube is lifted and 0 elsewhere, and
 * the episode then terminates. A seed is an integer in [0, 2^32 - 1]; the same seed and actions give the same episode.
 *
 * @example
 * const env = await LiftEnv.open();
 * env.reset({ seed: 100_000 });
 * const { observation, reward } = env.step([0, 0, 0.9, Math.PI, 0, 0, -1]);
 * env.close();
 */
export class LiftEnv
  implements Environment<LiftObservation, ArrayLike<number>, LiftInfo, { readonly seed: number }>
{
  readonly table: TableTop;
  readonly maxSteps: number;
  readonly #control: "absolute" | "delta";
  #observer: Observer | undefined;
  #steps = 0;

  private constructor(table: TableTop, { control = "absolute", maxSteps = DEFAULT_MAX_STEPS }: LiftOptions) {
    if (!Number.isInteger(maxSteps) || maxSteps < 1) {
      throw new RangeError(`maxSteps must be a positive integer, got ${maxSteps}`);
    }
    this.table = table;
    this.maxSteps = maxSteps;
    this.#control = control;
  }

  /** Loads MuJoCo if need be. */
  static async open(options: LiftOptions = {}): Promise<LiftEnv> {
    return new LiftEnv(await TableTop.build([CUBE]), options);
  }

  /** Throws a RangeError on a bad seed; the running episode then goes on untouched. */
  reset({ seed }: { readonly seed: number }): ResetResult<LiftObservation, LiftInfo> {
    const random = new RandomState(seed);
    const x = random.uniform(-PLACEMENT, PLACEMENT);
    const y = random.uniform(-PLACEMENT, PLACEMENT);
    const orientation = aboutZ(random.uniform(0, 2 * Math.PI));
    this.table.reset(random, [{ position: [x, y, REST_HEIGHT], orientation }]);
    this.#observer = new Observer();
    this.#steps = 0;
    return { observation: this.#observe(this.#observer), info: this.#info() };
  }

  /** Throws an Error before the first reset and a RangeError on an action that is not seven finite numbers. */
  step(action: ArrayLike<number>): StepResult<LiftObservation, LiftInfo> {
    const command =
      this.#control === "delta" ? fromDelta(action, this.table.arm.pose()) : fromAbsolute(action);
    return this.follow(command);
  }

  /** The same with a command that is no list of numbers. */
  follow({ target, grip }: Command): StepResult<LiftObservation, LiftInfo> {
    if (!this.#observer) throw new Error("no episode is running: call reset({ seed }) first");
    this.table.step(target, grip);
    this.#steps += 1;
    const observation = this.#observe(this.#observer);
    const isLifted = this.table.cube(0).position[2] > LIFTED_HEIGHT;
    return {
      observation,
      reward: Number(isLifted),
      terminated: isLifted,
      truncated: this.#steps >= this.maxSteps,
      info: this.#info(),
    };
  }

  /** Gives MuJoCo's memory back. */
  close(): void {
    this.table.simulation.close();
  }

  #observe(observer: Observer): LiftObservation {
    return observer.observe(this.table.cube(0), this.table.arm.pose(), this.table.arm.fingers());
  }

  #info(): LiftInfo {
    const way = (this.table.cube(0).position[2] - REST_HEIGHT) / (LIFTED_HEIGHT - REST_HEIGHT);
    return { progress: Math.min(1, Math.max(0, way)) };
  }
}

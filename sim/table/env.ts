import type { Environment, ResetResult, StepResult } from "../gym.js";
import { RandomState } from "../mt19937.js";
import type { Progress } from "../play.js";
import type { Seen } from "../seen.js";
import { type Command, fromAbsolute, fromDelta } from "./action.js";
import { TableTop } from "./table-top.js";
import type { TableTask } from "./task.js";

export interface TableOptions {
  /** `absolute`: targets in world axes; `delta`: from where the hand is. Absolute unless given. */
  readonly control?: "absolute" | "delta";
  /** Steps after which an episode is truncated; a positive integer, the task's own unless given. */
  readonly maxSteps?: number;
}

/**
 * A task on the table, in the manner of robosuite's (Zhu et al. 2020, arXiv:2009.12293), at 20 Hz, with an arm of our own.
 *
 * An action is seven numbers: see `fromAbsolute` and `fromDelta`. Reward is 1 on success and 0 elsewhere, and the episode then
 * terminates; stepping on is allowed. A seed is an integer in [0, 2^32 - 1]; the same seed and actions give the same episode.
 */
export class TableEnv<Observation extends Seen>
  implements Environment<Observation, ArrayLike<number>, Progress, { readonly seed: number }>
{
  readonly table: TableTop;
  readonly maxSteps: number;
  readonly #task: TableTask<Observation>;
  readonly #control: "absolute" | "delta";
  #observe: ((table: TableTop) => Observation) | undefined;
  #steps = 0;

  private constructor(
    table: TableTop,
    task: TableTask<Observation>,
    { control, maxSteps }: Required<TableOptions>,
  ) {
    this.table = table;
    this.maxSteps = maxSteps;
    this.#task = task;
    this.#control = control;
  }

  /** Loads MuJoCo if need be. */
  static async open<Observation extends Seen>(
    task: TableTask<Observation>,
    { control = "absolute", maxSteps = task.maxSteps }: TableOptions = {},
  ): Promise<TableEnv<Observation>> {
    if (!Number.isInteger(maxSteps) || maxSteps < 1) {
      throw new RangeError(`maxSteps must be a positive integer, got ${maxSteps}`);
    }
    return new TableEnv(await TableTop.build(task.cubes), task, { control, maxSteps });
  }

  /** Throws a RangeError on a bad seed; the running episode then goes on untouched. */
  reset({ seed }: { readonly seed: number }): ResetResult<Observation, Progress> {
    const random = new RandomState(seed);
    const cubes = this.#task.place(random);
    this.table.reset(random, cubes);
    this.#observe = this.#task.observer();
    this.#steps = 0;
    return { observation: this.#observe(this.table), info: { progress: this.#task.progress(this.table) } };
  }

  /** Throws an Error before the first reset and a RangeError on an action that is not seven finite numbers. */
  step(action: ArrayLike<number>): StepResult<Observation, Progress> {
    const command =
      this.#control === "delta" ? fromDelta(action, this.table.arm.pose()) : fromAbsolute(action);
    return this.follow(command);
  }

  /** The same with a command that is no list of numbers. Throws a DivergedError too, which ends the episode. */
  follow({ target, grip }: Command): StepResult<Observation, Progress> {
    const observe = this.#observe;
    if (!observe) throw new Error("no episode is running: call reset({ seed }) first");
    try {
      this.table.step(target, grip);
    } catch (error) {
      if (!(error instanceof RangeError)) this.#observe = undefined;
      throw error;
    }
    this.#steps += 1;
    const progress = this.#task.progress(this.table);
    return {
      observation: observe(this.table),
      reward: Number(progress === 1),
      terminated: progress === 1,
      truncated: this.#steps >= this.maxSteps,
      info: { progress },
    };
  }

  /** Gives MuJoCo's memory back. */
  close(): void {
    this.table.simulation.close();
  }
}

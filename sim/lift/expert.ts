import type { RandomState } from "../mt19937.js";
import type { Command } from "../table/action.js";
import type { Expert } from "../table/expert.js";
import { drawManner } from "../table/manner.js";
import { poseOf } from "../table/observed-pose.js";
import { Picker } from "../table/picker.js";
import { Wobble } from "../table/wobble.js";
import type { LiftObservation } from "./task.js";

/**
 * Lifts the cube. Every episode has its own speeds, heights, wobble, and sometimes a pause or a miss that is corrected, so
 * that demonstrations differ as people's do.
 *
 * @example
 * const expert = new LiftExpert(new RandomState(seed));
 * const { target, grip } = expert.act(observation);
 */
export class LiftExpert implements Expert<LiftObservation> {
  readonly #picker: Picker;
  readonly #wobble: Wobble;

  constructor(random: RandomState) {
    const manner = drawManner(random);
    this.#picker = new Picker(manner);
    this.#wobble = new Wobble(random, manner.wobble);
  }

  act(observation: LiftObservation): Command {
    const { cube_pos, cube_quat, robot0_eef_pos, robot0_eef_quat, robot0_gripper_qpos } = observation;
    const { target, grip } = this.#picker.move({
      cube: poseOf(cube_pos, cube_quat),
      hand: poseOf(robot0_eef_pos, robot0_eef_quat),
      finger: robot0_gripper_qpos[0],
    });
    return { target: { ...target, position: this.#wobble.move(target.position) }, grip };
  }
}

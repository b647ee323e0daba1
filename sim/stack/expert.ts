import type { Point, Pose } from "../arm/pose.js";
import type { RandomState } from "../mt19937.js";
import type { Command } from "../table/action.js";
import type { Expert } from "../table/expert.js";
import { drawManner, type Manner } from "../table/manner.js";
import { poseOf } from "../table/observed-pose.js";
import { type Move, Picker, type Sight } from "../table/picker.js";
import { distance, type Gait, stride } from "../table/stride.js";
import { Wobble } from "../table/wobble.js";
import { LOWER_HALF_SIDE, type StackObservation, UPPER_HALF_SIDE } from "./task.js";

const OPEN = -1;
const CLOSE = 1;
/** m, of a cube that counts as being where it is to go. */
const OVER = 0.008;
const ON = 0.004;
/** Above the stack on the way there. */
const CARRY_HEIGHT = 0.05;
/** Fingers this far apart hold nothing any more, m each. */
const LET_GO = UPPER_HALF_SIDE + 0.008;

type Phase = "pick" | "carry" | "lower" | "release" | "retreat";

/** Picks the red cube up, carries it over the green one, lowers it, lets go, and draws back. */
export class StackExpert implements Expert<StackObservation> {
  readonly #manner: Manner;
  readonly #wobble: Wobble;
  #picker: Picker;
  #phase: Phase = "pick";
  #target: Pose | undefined;

  constructor(random: RandomState) {
    this.#manner = drawManner(random);
    this.#wobble = new Wobble(random, this.#manner.wobble);
    this.#picker = new Picker(this.#manner);
  }

  act(observation: StackObservation): Command {
    const sight: Sight = {
      cube: poseOf(observation.cubeA_pos, observation.cubeA_quat),
      hand: poseOf(observation.robot0_eef_pos, observation.robot0_eef_quat),
      finger: observation.robot0_gripper_qpos[0],
    };
    this.#watch(observation, sight);
    const { target, grip } = this.#move(observation, sight);
    this.#target = target;
    return { target: { ...target, position: this.#wobble.move(target.position) }, grip };
  }

  #watch({ cubeA_to_cubeB: [x, y, z] }: StackObservation, sight: Sight): void {
    const height = -z - LOWER_HALF_SIDE - UPPER_HALF_SIDE;
    const isDropped = sight.finger < UPPER_HALF_SIDE - 0.005;
    if (isDropped && (this.#phase === "carry" || this.#phase === "lower")) {
      this.#picker = new Picker({ ...this.#manner, miss: [0, 0, 0], pause: 0 });
      this.#phase = "pick";
    } else if (this.#phase === "pick" && this.#picker.isDone(sight)) this.#phase = "carry";
    else if (this.#phase === "carry" && Math.hypot(x, y, height - CARRY_HEIGHT) < OVER) this.#phase = "lower";
    else if (this.#phase === "lower" && height < ON) this.#phase = "release";
    else if (this.#phase === "release" && sight.finger > LET_GO) this.#phase = "retreat";
  }

  #move(observation: StackObservation, sight: Sight): Move {
    const { approach, descent, lift } = this.#manner;
    switch (this.#phase) {
      case "pick":
        return this.#picker.move(sight);
      case "carry": {
        const goal = this.#handAbove(observation, sight, CARRY_HEIGHT);
        return this.#stride(goal, approach, CLOSE);
      }
      case "lower": {
        const goal = this.#handAbove(observation, sight, 0);
        return this.#stride(goal, descent, CLOSE);
      }
      case "release":
        return this.#stride(this.#target ?? sight.hand, descent, OPEN);
      case "retreat": {
        const [x, y] = sight.hand.position;
        const [, , z] = observation.cubeB_pos;
        const goal = { ...sight.hand, position: [x, y, z + 0.18] } as const;
        return this.#stride(goal, lift, OPEN);
      }
    }
  }

  /** Where the hand has to be for the cube in it to be over the lower cube, `height` above lying on it. */
  #handAbove({ cubeB_pos: [x, y, z] }: StackObservation, { cube, hand }: Sight, height: number): Pose {
    const place: Point = [x, y, z + LOWER_HALF_SIDE + UPPER_HALF_SIDE + height];
    const [hx, hy, hz] = hand.position;
    const [cx, cy, cz] = cube.position;
    const position: Point = [place[0] + hx - cx, place[1] + hy - cy, place[2] + hz - cz];
    return { position, orientation: (this.#target ?? hand).orientation };
  }

  #stride(goal: Pose, gait: Gait, grip: number): Move {
    const from = this.#target ?? goal;
    return { target: distance(from, goal) > 0 ? stride(from, goal, gait) : from, grip };
  }
}

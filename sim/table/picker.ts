import { HAND_DOWN } from "../arm/model.js";
import type { Point, Pose } from "../arm/pose.js";
import { aboutZ, product, type Quaternion } from "../rotation/quaternion.js";
import type { Manner } from "./manner.js";
import { angleBetween, distance, type Gait, stride } from "./stride.js";

const OPEN = -1;
const CLOSE = 1;
const QUARTER = Math.PI / 2;
/** m and rad, of a hand that counts as arrived. */
const ABOVE = 0.012;
const AROUND = 0.004;
const ALIGNED = 0.07;
/** Fingers that move less per control step have met something. */
const FINGERS_STILL = 0.0005;
/** Fingers this near to each other hold nothing, m each. */
const NOTHING_HELD = 0.015;

type Phase = "approach" | "descend" | "close" | "lift";

/** What a picker sees. */
export interface Sight {
  readonly cube: Pose;
  readonly hand: Pose;
  /** How far the left finger is from the middle, m. */
  readonly finger: number;
}

/** A step on the way: the target before any wobble, and the gripper's command. */
export interface Move {
  readonly target: Pose;
  readonly grip: number;
}

/** Picks a cube up: above it, down, close, up, and over again where the grasp failed. */
export class Picker {
  readonly #manner: Manner;
  #phase: Phase = "approach";
  #target: Pose | undefined;
  #yaw = 0;
  #miss: Point;
  #pause: number;
  #finger = 0;
  #stillFor = 0;
  #liftTo: Point = [0, 0, 0];

  constructor(manner: Manner) {
    this.#manner = manner;
    this.#miss = manner.miss;
    this.#pause = manner.pause;
  }

  /** Whether the cube is in the hand and up where it was to be lifted to. */
  isDone({ hand, finger }: Sight): boolean {
    const { position } = hand;
    return this.#phase === "lift" && finger > NOTHING_HELD && this.#liftTo[2] - position[2] < ABOVE;
  }

  move(sight: Sight): Move {
    if (!this.#target) {
      this.#target = sight.hand;
      this.#yaw = graspYaw(sight.cube.orientation, 0);
    }
    this.#watch(sight);
    const [goal, gait, grip] = this.#aim(sight);
    this.#target = stride(this.#target, goal, gait);
    this.#finger = sight.finger;
    return { target: this.#target, grip };
  }

  /** Goes on to the next phase when the present one has done its part. */
  #watch(sight: Sight): void {
    const { cube, hand, finger } = sight;
    const [goal] = this.#aim(sight);
    switch (this.#phase) {
      case "approach":
        if (distance(hand, goal) > ABOVE || angleBetween(hand, goal) > ALIGNED) return;
        if (this.#miss.some((miss) => miss !== 0)) this.#miss = [0, 0, 0];
        else if (this.#pause > 0) this.#pause -= 1;
        else this.#phase = "descend";
        return;
      case "descend":
        if (distance(hand, goal) > AROUND + 2 * this.#manner.wobble) return;
        this.#phase = "close";
        this.#stillFor = 0;
        return;
      case "close":
        this.#stillFor = Math.abs(finger - this.#finger) < FINGERS_STILL ? this.#stillFor + 1 : 0;
        if (this.#stillFor < 3) return;
        this.#phase = "lift";
        this.#liftTo = plus(hand.position, [0, 0, this.#manner.liftHeight]);
        return;
      case "lift":
        if (finger > NOTHING_HELD) return;
        this.#phase = "approach";
        this.#yaw = graspYaw(cube.orientation, this.#yaw);
    }
  }

  #aim({ cube }: Sight): [Pose, Gait, grip: number] {
    const { approachHeight, graspOffset, approach, descent, lift } = this.#manner;
    const orientation = product(aboutZ(this.#yaw), HAND_DOWN);
    const grasp = plus(cube.position, graspOffset);
    switch (this.#phase) {
      case "approach": {
        const over = plus(plus(cube.position, [0, 0, approachHeight]), this.#miss);
        return [{ position: over, orientation }, approach, OPEN];
      }
      case "descend":
        return [{ position: grasp, orientation }, descent, OPEN];
      case "close":
        return [{ position: this.#target?.position ?? grasp, orientation }, descent, CLOSE];
      case "lift":
        return [{ position: this.#liftTo, orientation }, lift, CLOSE];
    }
  }
}

/** How far the hand turns about the vertical to take the cube by two of its sides, the way that is nearest to `present`. */
function graspYaw([x, y, z, w]: Quaternion, present: number): number {
  const yaw = Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z));
  return yaw - QUARTER * Math.round((yaw - present) / QUARTER);
}

function plus(a: Point, b: Point): Point {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

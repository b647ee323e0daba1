import type { Point, Pose } from "../arm/pose.js";
import type { RandomState } from "../mt19937.js";
import { aboutZ, product } from "../rotation/quaternion.js";
import type { Command } from "../table/action.js";
import { angleBetween, distance, type Gait, stride } from "../table/stride.js";
import { HAND_DOWN, type LiftObservation } from "./observation.js";

const OPEN = -1;
const CLOSE = 1;
const QUARTER = Math.PI / 2;
/** m, of a hand that counts as arrived. */
const ABOVE = 0.012;
const AROUND = 0.004;
const ALIGNED = 0.07;
/** Fingers that move less per control step have met something. */
const FINGERS_STILL = 0.0005;
/** Fingers this near to each other hold nothing, m each. */
const NOTHING_HELD = 0.015;
/** Wobble of the hand: how fast it is forgotten, per control step. */
const WOBBLE_MEMORY = 0.85;

type Phase = "approach" | "descend" | "close" | "lift";

/** What differs from one demonstration to the next, as between people. */
interface Manner {
  /** Over the cube's centre, m. */
  readonly approachHeight: number;
  readonly liftHeight: number;
  /** From the cube's centre when the fingers close. */
  readonly graspOffset: Point;
  readonly approach: Gait;
  readonly descent: Gait;
  readonly lift: Gait;
  /** Standard deviation of the wobble, m. */
  readonly wobble: number;
  /** By how much the first approach misses; corrected over the cube. */
  readonly miss: Point;
  /** Control steps of looking before going down. */
  readonly pause: number;
}

/**
 * Lifts the cube by what it observes: above it, down, close, up, and over again where the grasp failed. Every episode has
 * its own speeds, heights, wobble, and sometimes a pause or a miss that is corrected, so that demonstrations differ as
 * people's do.
 *
 * @example
 * const expert = new LiftExpert(new RandomState(seed));
 * const { target, grip } = expert.act(observation);
 */
export class LiftExpert {
  readonly #random: RandomState;
  readonly #manner: Manner;
  #phase: Phase = "approach";
  #target: Pose | undefined;
  #yaw = 0;
  #miss: Point;
  #pause: number;
  #wobble: Point = [0, 0, 0];
  #fingers = 0;
  #stillFor = 0;
  #liftTo: Point = [0, 0, 0];

  constructor(random: RandomState) {
    this.#random = random;
    this.#manner = drawManner(random);
    this.#miss = this.#manner.miss;
    this.#pause = this.#manner.pause;
  }

  act(observation: LiftObservation): Command {
    const hand = handOf(observation);
    if (!this.#target) {
      this.#target = hand;
      this.#yaw = graspYaw(observation, 0);
    }
    this.#watch(observation, hand);
    const [goal, gait, grip] = this.#aim(observation);
    this.#target = stride(this.#target, goal, gait);
    this.#fingers = observation.robot0_gripper_qpos[0];
    return { target: this.#wobbling(this.#target), grip };
  }

  /** Goes on to the next phase when the present one has done its part. */
  #watch(observation: LiftObservation, hand: Pose): void {
    const [goal] = this.#aim(observation);
    const fingers = observation.robot0_gripper_qpos[0];
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
        this.#stillFor = Math.abs(fingers - this.#fingers) < FINGERS_STILL ? this.#stillFor + 1 : 0;
        if (this.#stillFor < 3) return;
        this.#phase = "lift";
        this.#liftTo = above(hand.position, this.#manner.liftHeight);
        return;
      case "lift":
        if (fingers > NOTHING_HELD) return;
        this.#phase = "approach";
        this.#yaw = graspYaw(observation, this.#yaw);
    }
  }

  #aim(observation: LiftObservation): [Pose, Gait, grip: number] {
    const { approachHeight, graspOffset, approach, descent, lift } = this.#manner;
    const [x, y, z] = observation.cube_pos;
    const orientation = product(aboutZ(this.#yaw), HAND_DOWN);
    const [dx, dy, dz] = graspOffset;
    const grasp: Point = [x + dx, y + dy, z + dz];
    switch (this.#phase) {
      case "approach": {
        const [missX, missY, missZ] = this.#miss;
        return [
          { position: [x + missX, y + missY, z + approachHeight + missZ], orientation },
          approach,
          OPEN,
        ];
      }
      case "descend":
        return [{ position: grasp, orientation }, descent, OPEN];
      case "close":
        return [{ position: this.#target?.position ?? grasp, orientation }, descent, CLOSE];
      case "lift":
        return [{ position: this.#liftTo, orientation }, lift, CLOSE];
    }
  }

  #wobbling({ position, orientation }: Pose): Pose {
    const kick = this.#manner.wobble * Math.sqrt(1 - WOBBLE_MEMORY ** 2);
    const random = this.#random;
    this.#wobble = this.#wobble.map((was) => WOBBLE_MEMORY * was + kick * random.randn()) as unknown as Point;
    return { position: position.map((at, d) => at + this.#wobble[d]) as unknown as Point, orientation };
  }
}

function drawManner(random: RandomState): Manner {
  const between = (low: number, high: number) => random.uniform(low, high);
  const isCareless = between(0, 1) < 0.25;
  const hesitates = between(0, 1) < 0.2;
  const missAngle = between(0, 2 * Math.PI);
  const miss = isCareless ? between(0.012, 0.025) : 0;
  return {
    approachHeight: between(0.06, 0.11),
    liftHeight: between(0.07, 0.11),
    graspOffset: [between(-0.004, 0.004), between(-0.004, 0.004), between(-0.006, 0.006)],
    approach: { speed: between(0.15, 0.3), braking: between(0.25, 0.5), turnRate: between(0.8, 1.6) },
    descent: { speed: between(0.08, 0.15), braking: between(0.15, 0.3), turnRate: 0.8 },
    lift: { speed: between(0.1, 0.22), braking: 0.5, turnRate: 0.8 },
    wobble: between(0, 0.0015),
    miss: [miss * Math.cos(missAngle), miss * Math.sin(missAngle), 0],
    pause: hesitates ? random.randint(2, 6) : 0,
  };
}

function handOf({ robot0_eef_pos: [x, y, z], robot0_eef_quat: [a, b, c, d] }: LiftObservation): Pose {
  return { position: [x, y, z], orientation: [a, b, c, d] };
}

/** How far the hand turns about the vertical to take the cube by two of its sides, the way that is nearest to `present`. */
function graspYaw({ cube_quat: [x, y, z, w] }: LiftObservation, present: number): number {
  const yaw = Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z));
  return yaw - QUARTER * Math.round((yaw - present) / QUARTER);
}

function above([x, y, z]: Point, height: number): Point {
  return [x, y, z + height];
}

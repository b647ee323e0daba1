import { type AxisAngle, axisAngleToQuaternion, quaternionToAxisAngle } from "../rotation/axis-angle.js";
import { inverse, normalised, product } from "../rotation/quaternion.js";
import type { Point, Pose } from "./pose.js";

/** What a delta action can ask for at most: 0.05 m and 0.5 rad per control step of 50 ms. */
const MAX_SPEED = 1;
const MAX_TURN_RATE = 10;

/**
 * The pose that the arm is led along: from one target to the next at constant velocity, there when the next one is due.
 *
 * robosuite's controller jumps to the target and brakes on velocity itself, and so trails a moving target by 2/ω: 2.4 cm at
 * 0.15 m/s with its gains. Damping the velocity relative to this one leaves no such lag.
 */
export class Reference {
  pose: Pose;
  /** m/s */
  velocity: Point = [0, 0, 0];
  /** rad/s */
  turnRate: AxisAngle = [0, 0, 0];

  constructor(start: Pose) {
    this.pose = start;
  }

  /** Sets out for a pose, to be there after `seconds`, or later if it is too far. */
  leadTo(target: Pose, seconds: number): void {
    const { position, orientation } = this.pose;
    const way = target.position.map((end, d) => end - position[d]);
    const turn = quaternionToAxisAngle(product(target.orientation, inverse(orientation)));
    this.velocity = over(way as unknown as Point, seconds, MAX_SPEED);
    this.turnRate = over(turn, seconds, MAX_TURN_RATE);
  }

  advance(seconds: number): void {
    const { position, orientation } = this.pose;
    const [x, y, z] = this.velocity;
    const [a, b, c] = this.turnRate;
    this.pose = {
      position: [position[0] + seconds * x, position[1] + seconds * y, position[2] + seconds * z],
      orientation: normalised(
        product(axisAngleToQuaternion([seconds * a, seconds * b, seconds * c]), orientation),
      ),
    };
  }
}

function over([x, y, z]: Point, seconds: number, most: number): Point {
  const scale = 1 / Math.max(seconds, Math.hypot(x, y, z) / most);
  return [x * scale, y * scale, z * scale];
}

import type { Quaternion } from "../rotation/quaternion.js";

export type Point = readonly [x: number, y: number, z: number];

/** Where the point between the finger pads is and how the hand is turned; m, world axes. */
export interface Pose {
  readonly position: Point;
  readonly orientation: Quaternion;
}

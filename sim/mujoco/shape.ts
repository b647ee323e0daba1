import type { Point } from "../arm/pose.js";

/** A primitive of a scene as it is now; m, world axes. */
export interface Shape {
  readonly kind: "sphere" | "capsule" | "cylinder" | "box";
  /** As MuJoCo gives them: half sides of a box; radius, and half the length without caps. */
  readonly size: Point;
  readonly position: Point;
  /** [9] row by row. */
  readonly rotation: readonly number[];
  /** From 0 to 1. */
  readonly rgb: Point;
  /** Belongs to the world, and never moves. */
  readonly isFixed: boolean;
}

/** By the numbers that MuJoCo gives its types. */
export const KINDS: Readonly<Record<number, Shape["kind"]>> = {
  2: "sphere",
  3: "capsule",
  5: "cylinder",
  6: "box",
};

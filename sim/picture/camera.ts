import type { Point } from "../arm/pose.js";
import { cross, dot, minus, unit } from "./vector.js";

/** Where a point of the world is on the picture, and how far from the camera. */
export interface ImagePoint {
  readonly x: number;
  readonly y: number;
  readonly depth: number;
}

export interface CameraView {
  /** m */
  readonly from: Point;
  readonly to: Point;
  /** Of the whole picture, rad. */
  readonly fieldOfView: number;
}

/** A pinhole camera that is held level. */
export class Camera {
  readonly from: Point;
  readonly #right: Point;
  readonly #down: Point;
  readonly #ahead: Point;
  readonly #focus: number;
  readonly #centre: number;

  /** @param size side of the picture, px. */
  constructor({ from, to, fieldOfView }: CameraView, size: number) {
    this.from = from;
    this.#ahead = unit(minus(to, from));
    this.#right = unit(cross(this.#ahead, [0, 0, 1]));
    this.#down = cross(this.#ahead, this.#right);
    this.#centre = size / 2;
    this.#focus = this.#centre / Math.tan(fieldOfView / 2);
  }

  see(point: Point): ImagePoint {
    const way = minus(point, this.from);
    const depth = dot(way, this.#ahead);
    const scale = this.#focus / depth;
    return {
      x: this.#centre + scale * dot(way, this.#right),
      y: this.#centre + scale * dot(way, this.#down),
      depth,
    };
  }
}

import { nearestSign, type Quaternion } from "./quaternion.js";

/**
 * Writes the turning of a body as a series of quaternions without jumps: of the two that are the same rotation it takes the
 * one nearer to the one before, and at first the one nearer to where it starts.
 */
export class QuaternionSeries {
  #last: Quaternion;

  constructor(start: Quaternion) {
    this.#last = start;
  }

  next(orientation: Quaternion): Quaternion {
    this.#last = nearestSign(orientation, this.#last);
    return this.#last;
  }
}

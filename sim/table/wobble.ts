import type { Point } from "../arm/pose.js";
import type { RandomState } from "../mt19937.js";

/** How much of it is left after a control step. */
const MEMORY = 0.85;

/** The unsteadiness of a hand: an offset that wanders about zero (an Ornstein-Uhlenbeck process). */
export class Wobble {
  #offset: Point = [0, 0, 0];

  /** @param deviation of each coordinate in the long run, m. */
  constructor(
    readonly random: RandomState,
    readonly deviation: number,
  ) {}

  /** The point a control step on, off by the wobble. */
  move([x, y, z]: Point): Point {
    const kick = this.deviation * Math.sqrt(1 - MEMORY ** 2);
    const [a, b, c] = this.#offset;
    this.#offset = [
      MEMORY * a + kick * this.random.randn(),
      MEMORY * b + kick * this.random.randn(),
      MEMORY * c + kick * this.random.randn(),
    ];
    return [x + this.#offset[0], y + this.#offset[1], z + this.#offset[2]];
  }
}

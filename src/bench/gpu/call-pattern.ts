import type { Denoiser } from "../../sampling/denoiser.js";
import { GaussianStream } from "../../sampling/noise.js";

/** The network calls of one solve: the batch size of each, in order. */
export type CallPattern = readonly number[];

/**
 * Times the calls of a solve without the solve. What a call costs does not depend on what is in it, so a pattern that one
 * network's solves have left says what another network would cost in them, also one whose weights are random and whose
 * own solves would mean nothing.
 *
 * @example
 * const player = new PatternPlayer(denoiser, 100);
 * await player.play([1, 1, 1]); // milliseconds of three calls of one row
 */
export class PatternPlayer {
  readonly #denoiser: Denoiser;
  readonly #levels: number;
  readonly #now: () => number;
  #states: Float64Array = new Float64Array();
  #levelsOfRows = new Int32Array();
  #out: Float64Array = new Float64Array();

  constructor(denoiser: Denoiser, levels: number, now = () => performance.now()) {
    this.#denoiser = denoiser;
    this.#levels = levels;
    this.#now = now;
  }

  async play(pattern: CallPattern): Promise<number> {
    this.#grow(Math.max(...pattern));
    const began = this.#now();
    for (const rows of pattern) {
      await this.#denoiser.predict(this.#states, this.#levelsOfRows, rows, this.#out);
    }
    return this.#now() - began;
  }

  /** Random states: zeros run faster on some devices than what a policy sees. */
  #grow(rows: number): void {
    if (rows <= this.#levelsOfRows.length) return;
    const { horizon, dim } = this.#denoiser.shape;
    const gaussian = new GaussianStream(0);
    this.#states = gaussian.fill(new Float64Array(rows * horizon * dim));
    this.#levelsOfRows = Int32Array.from({ length: rows }, (_, row) => row % this.#levels);
    this.#out = new Float64Array(this.#states.length);
  }
}

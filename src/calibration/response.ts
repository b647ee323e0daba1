import type { Denoiser } from "../sampling/denoiser.js";
import type { Response } from "../sampling/response.js";
import { symmetricEigenvectors } from "./matrix.js";

/** Half the distance of a central difference, in normalised units; well above float32 rounding of the network. */
const STEP = 0.02;
/** Rows of one network call. */
const ROWS = 128;

/** Gathers the mean Jacobian of a denoiser over states, direction by direction, by central differences. */
export class ResponseMeter {
  readonly #denoiser: Denoiser;
  readonly #n: number;
  readonly #rank: number;
  readonly #basis: Float64Array;
  readonly #sum: Float64Array;
  #count = 0;

  /** @param basis [n · rank] orthonormal directions to measure along. */
  constructor(denoiser: Denoiser, levels: number, basis: Float64Array) {
    this.#denoiser = denoiser;
    this.#n = denoiser.shape.horizon * denoiser.shape.dim;
    this.#rank = basis.length / this.#n;
    this.#basis = basis;
    this.#sum = new Float64Array(levels * this.#n * this.#rank);
  }

  /**
   * Adds the response at the states of one solved chain, for the observation that the denoiser is conditioned on.
   *
   * @param states [steps · n] @param levels [steps]
   */
  async add(states: Float64Array, levels: Int32Array): Promise<void> {
    const n = this.#n;
    const rank = this.#rank;
    const all = levels.length * rank * 2;
    const batch = new Float64Array(ROWS * n);
    const batchLevels = new Int32Array(ROWS);
    const out = new Float64Array(ROWS * n);
    // Row 2q is the forward, row 2q + 1 the backward end of difference q = step · rank + direction.
    for (let begin = 0; begin < all; begin += ROWS) {
      const rows = Math.min(ROWS, all - begin);
      for (let row = 0; row < rows; row++) {
        const difference = (begin + row) >> 1;
        const step = Math.floor(difference / rank);
        const direction = difference % rank;
        const side = row % 2 === 0 ? STEP : -STEP;
        for (let k = 0; k < n; k++) {
          batch[row * n + k] = states[step * n + k] + side * this.#basis[k * rank + direction];
        }
        batchLevels[row] = levels[step];
      }
      await this.#denoiser.predict(batch, batchLevels, rows, out);
      for (let row = 0; row < rows; row += 2) {
        const difference = (begin + row) >> 1;
        const direction = difference % rank;
        const at = batchLevels[row] * n * rank;
        for (let k = 0; k < n; k++) {
          const change = (out[row * n + k] - out[(row + 1) * n + k]) / (2 * STEP);
          this.#sum[at + k * rank + direction] += change;
        }
      }
    }
    this.#count += 1;
  }

  /** The mean response in directions turned so that those with the strongest response at `clean` levels come first. */
  response(clean: readonly number[]): Response {
    const n = this.#n;
    const rank = this.#rank;
    const slope = this.#sum.map((sum) => sum / this.#count);
    const within = Array.from({ length: rank }, () => new Array<number>(rank).fill(0));
    for (const level of clean) {
      for (let a = 0; a < rank; a++) {
        for (let b = 0; b < rank; b++) {
          for (let k = 0; k < n; k++) {
            const product = this.#basis[k * rank + a] * slope[(level * n + k) * rank + b];
            within[a][b] += product / 2;
            within[b][a] += product / 2;
          }
        }
      }
    }
    const turn = symmetricEigenvectors(within);
    return { rank, basis: turned(this.#basis, turn), slope: turned(slope, turn) };
  }
}

/** Rows of `rank` values times the matrix whose columns are `turn`. */
function turned(rows: Float64Array, turn: readonly (readonly number[])[]): Float64Array {
  const rank = turn.length;
  const out = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at += rank) {
    for (let c = 0; c < rank; c++) {
      for (let k = 0; k < rank; k++) out[at + c] += rows[at + k] * turn[c][k];
    }
  }
  return out;
}

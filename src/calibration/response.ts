import { multiply, transpose } from "mathjs";
import type { Denoiser } from "../sampling/denoiser.js";
import type { Response } from "../sampling/response.js";
import { symmetricEigenvectors } from "./matrix.js";

/** Half the distance of a central difference, in normalised units; well above float32 rounding of the network. */
const STEP = 0.02;
/** Rows of one network call, an even number. */
const ROWS = 128;

/** Most directions that are kept: a solver multiplies by all of them at every step. */
const KEPT = 64;

/** Gathers the mean Jacobian of a denoiser over states, direction by direction, by central differences. */
export class ResponseMeter {
  readonly #denoiser: Denoiser;
  readonly #n: number;
  readonly #measured: number;
  readonly #basis: Float64Array;
  readonly #isClean: Uint8Array;
  readonly #sum: Float64Array;
  /** [measured · measured] the sum of JᵀJ over states and clean levels. */
  readonly #squares: Float64Array;
  #count = 0;

  /**
   * @param basis [n · measured] orthonormal directions to measure along.
   * @param clean levels whose response decides which directions are kept.
   */
  constructor(denoiser: Denoiser, levels: number, basis: Float64Array, clean: readonly number[]) {
    this.#denoiser = denoiser;
    this.#n = denoiser.shape.horizon * denoiser.shape.dim;
    this.#measured = basis.length / this.#n;
    this.#basis = basis;
    this.#isClean = new Uint8Array(levels);
    for (const level of clean) this.#isClean[level] = 1;
    this.#sum = new Float64Array(levels * this.#n * this.#measured);
    this.#squares = new Float64Array(this.#measured ** 2);
  }

  /**
   * Adds the response at the states of one solved chain, for the observation that the denoiser is conditioned on.
   *
   * @param states [steps · n] @param levels [steps]
   */
  async add(states: Float64Array, levels: Int32Array): Promise<void> {
    const n = this.#n;
    const measured = this.#measured;
    const batch = new Float64Array(ROWS * n);
    const batchLevels = new Int32Array(ROWS);
    const out = new Float64Array(ROWS * n);
    const jacobian = new Float64Array(n * measured);
    for (let step = 0; step < levels.length; step++) {
      // Row 2q is the forward, row 2q + 1 the backward end of the difference along direction q.
      for (let begin = 0; begin < 2 * measured; begin += ROWS) {
        const rows = Math.min(ROWS, 2 * measured - begin);
        for (let row = 0; row < rows; row++) {
          const direction = (begin + row) >> 1;
          const side = row % 2 === 0 ? STEP : -STEP;
          for (let k = 0; k < n; k++) {
            batch[row * n + k] = states[step * n + k] + side * this.#basis[k * measured + direction];
          }
          batchLevels[row] = levels[step];
        }
        await this.#denoiser.predict(batch, batchLevels, rows, out);
        for (let row = 0; row < rows; row += 2) {
          const direction = (begin + row) >> 1;
          for (let k = 0; k < n; k++) {
            jacobian[k * measured + direction] = (out[row * n + k] - out[(row + 1) * n + k]) / (2 * STEP);
          }
        }
      }
      this.#keep(jacobian, levels[step]);
    }
    this.#count += 1;
  }

  #keep(jacobian: Float64Array, level: number): void {
    const at = level * jacobian.length;
    for (let entry = 0; entry < jacobian.length; entry++) this.#sum[at + entry] += jacobian[entry];
    if (this.#isClean[level]) addSquare(jacobian, this.#measured, 1, this.#squares);
  }

  /**
   * The mean response, in the directions along which clean levels respond most, mean and variation together; those along
   * which the response varies most from state to state come first, since the mean knows least about them.
   */
  response(): Response {
    const measured = this.#measured;
    const mean = this.#sum.map((sum) => sum / this.#count);
    const squares = this.#squares.map((sum) => sum / this.#count);
    const kept = symmetricEigenvectors(rowsOf(squares, measured)).slice(0, KEPT);
    const variation = squares.slice();
    const block = this.#n * measured;
    this.#isClean.forEach((isClean, level) => {
      if (isClean) addSquare(mean.subarray(level * block, (level + 1) * block), measured, -1, variation);
    });
    const within = multiply(multiply(kept, rowsOf(variation, measured)), transpose(kept));
    const turn = multiply(symmetricEigenvectors(within), kept);
    return { rank: turn.length, basis: turned(this.#basis, turn), slope: turned(mean, turn) };
  }
}

/** Adds `factor`·MᵀM to `out` for a matrix of rows of `width`. */
function addSquare(matrix: Float64Array, width: number, factor: number, out: Float64Array): void {
  for (let row = 0; row < matrix.length; row += width) {
    for (let a = 0; a < width; a++) {
      const scaled = factor * matrix[row + a];
      for (let b = 0; b < width; b++) out[a * width + b] += scaled * matrix[row + b];
    }
  }
}

function rowsOf(values: Float64Array, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, row) =>
    Array.from(values.subarray(row * width, (row + 1) * width)),
  );
}

/** Rows of values along the measured directions, as values along those of `turn`, each [measured]. */
function turned(rows: Float64Array, turn: readonly (readonly number[])[]): Float64Array {
  const width = turn[0].length;
  const rank = turn.length;
  const out = new Float64Array((rows.length / width) * rank);
  for (let from = 0, to = 0; from < rows.length; from += width, to += rank) {
    for (let c = 0; c < rank; c++) {
      for (let k = 0; k < width; k++) out[to + c] += rows[from + k] * turn[c][k];
    }
  }
  return out;
}

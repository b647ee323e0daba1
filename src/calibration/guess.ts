import { project, type Response } from "../sampling/response.js";
import { ridgeSolve } from "./matrix.js";

/** Weight of the penalty against the sum over ticks; 0.3 and 3 do equally well on PushT. */
const RIDGE = 0.3;

/** Fits clean predictions by straight lines in observation and state, level by level. */
export class GuessFit {
  readonly #response: Response;
  readonly #n: number;
  readonly #observations: number;
  readonly #width: number;
  readonly #gram: Float64Array;
  readonly #right: Float64Array;
  readonly #levels: number;
  readonly #features: Float64Array;
  readonly #coordinates: Float64Array;

  constructor(response: Response, levels: number, observations: number) {
    this.#response = response;
    this.#levels = levels;
    this.#n = response.basis.length / response.rank;
    this.#observations = observations;
    this.#width = 1 + observations + response.rank;
    this.#gram = new Float64Array(levels * this.#width ** 2);
    this.#right = new Float64Array(levels * this.#width * this.#n);
    this.#features = new Float64Array(this.#width);
    this.#coordinates = new Float64Array(response.rank);
  }

  /** @param states [steps · n] @param clean [steps · n] predictions there. */
  add(observation: Float64Array, states: Float64Array, clean: Float64Array, levels: Int32Array): void {
    const width = this.#width;
    const n = this.#n;
    const f = this.#features;
    f[0] = 1;
    f.set(observation, 1);
    levels.forEach((level, step) => {
      project(this.#response, states, step * n, this.#coordinates);
      f.set(this.#coordinates, 1 + this.#observations);
      const gram = level * width * width;
      const right = level * width * n;
      for (let a = 0; a < width; a++) {
        for (let b = 0; b <= a; b++) this.#gram[gram + a * width + b] += f[a] * f[b];
        for (let k = 0; k < n; k++) this.#right[right + a * n + k] += f[a] * clean[step * n + k];
      }
    });
  }

  /** `offset` [levels · n · (1 + To·O)] and `slope` [levels · n · rank]. */
  solve(progress: (level: number) => void): { offset: Float64Array; slope: Float64Array } {
    const width = this.#width;
    const n = this.#n;
    const head = 1 + this.#observations;
    const { rank } = this.#response;
    const offset = new Float64Array(this.#levels * n * head);
    const slope = new Float64Array(this.#levels * n * rank);
    for (let level = 0; level < this.#levels; level++) {
      const gram = Array.from({ length: width }, (_, a) =>
        Array.from(
          { length: width },
          (_, b) => this.#gram[level * width * width + Math.max(a, b) * width + Math.min(a, b)],
        ),
      );
      const right = Array.from({ length: width }, (_, a) =>
        Array.from(this.#right.subarray((level * width + a) * n, (level * width + a + 1) * n)),
      );
      const weights = ridgeSolve(gram, right, RIDGE);
      for (let k = 0; k < n; k++) {
        for (let a = 0; a < head; a++) offset[(level * n + k) * head + a] = weights[a][k];
        for (let c = 0; c < rank; c++) slope[(level * n + k) * rank + c] = weights[head + c][k];
      }
      progress(level + 1);
    }
    return { offset, slope };
  }
}

/**
 * Maps [min, max] to [-1, 1] per dimension ("limits" mode of Diffusion Policy).
 *
 * @example
 * const normalizer = new LimitsNormalizer({ min: [0, 0], max: [512, 512] });
 * normalizer.denormalize(new Float64Array([0, 1])); // [256, 512]
 */
export class LimitsNormalizer {
  readonly width: number;
  readonly #centre: Float64Array;
  readonly #half: Float64Array;

  constructor(range: { readonly min: readonly number[]; readonly max: readonly number[] }) {
    this.width = range.min.length;
    this.#centre = Float64Array.from(range.min, (low, k) => (low + range.max[k]) / 2);
    this.#half = Float64Array.from(range.min, (low, k) => (range.max[k] - low) / 2);
  }

  /** In place; `values` may hold several rows of `width`. */
  normalize<T extends Float32Array | Float64Array>(values: T): T {
    for (let k = 0; k < values.length; k++) {
      const d = k % this.width;
      values[k] = (values[k] - this.#centre[d]) / this.#half[d];
    }
    return values;
  }

  /** In place; `values` may hold several rows of `width`. */
  denormalize<T extends Float32Array | Float64Array>(values: T): T {
    for (let k = 0; k < values.length; k++) {
      const d = k % this.width;
      values[k] = values[k] * this.#half[d] + this.#centre[d];
    }
    return values;
  }
}

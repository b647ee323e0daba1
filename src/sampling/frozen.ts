import type { Denoiser } from "./denoiser.js";

/**
 * A denoiser that knows some rows of the chunk already: its clean prediction there is the given one, at every noise
 * level, and the network denoises the other rows so that they agree with it. Rules whose last step ends at the clean
 * prediction, as DDPM's does, end with exactly these rows. Solvers need to know nothing of it: on PushT they take as many
 * sweeps with 1, 2 or 4 frozen rows as with none.
 *
 * The other rows follow the frozen ones only as far as the network makes them. At noisy levels they have as much of a say
 * in the choice of a mode, so that a chunk may still be torn between two plans where few rows are frozen.
 *
 * Source: sampling with known entries put in place at every level, as Diffuser (Janner et al. 2022) conditions plans.
 *
 * @param values [rows · D] normalised; NaN spoils the chunk, as it must.
 * @param from first frozen row of the horizon.
 * @throws RangeError when the values are no whole rows or do not fit the horizon.
 * @example
 * const known = frozen(denoiser, Float64Array.of(0.1, 0.2, 0.3, 0.4), 1); // rows 1 and 2 of a two-dimensional chunk
 */
export function frozen(denoiser: Denoiser, values: Float64Array, from: number): Denoiser {
  const { shape } = denoiser;
  const { horizon, dim } = shape;
  const rows = values.length / dim;
  if (!Number.isInteger(rows)) {
    throw new RangeError(`frozen actions are whole rows of ${dim} values, not ${values.length} values`);
  }
  if (from + rows > horizon) {
    throw new RangeError(
      `${rows} frozen rows from row ${from} on do not fit a horizon of ${horizon}; at most ${horizon - from} do`,
    );
  }
  return {
    shape,
    async predict(states, levels, batch, out) {
      await denoiser.predict(states, levels, batch, out);
      for (let row = 0; row < batch; row++) out.set(values, (row * horizon + from) * dim);
    },
  };
}

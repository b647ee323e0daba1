/** What MuJoCo itself takes for a state that is lost. */
const MOST = 1e10;

/** Raised when the physics has run away: what the simulation shows from then on has nothing to do with what was before. */
export class DivergedError extends Error {
  override readonly name = "DivergedError";
}

/** The first of the values that is not finite, or enormous; -1 where all are sound. */
export function firstLost(values: Float64Array): number {
  for (let k = 0; k < values.length; k++) if (!(Math.abs(values[k]) < MOST)) return k;
  return -1;
}

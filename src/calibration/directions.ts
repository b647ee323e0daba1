import type { ChunkShape } from "../sampling/denoiser.js";

/** Most directions to measure: what a large chunk does beyond its smoothest 256 ways to change, it hardly does. */
const MOST = 256;

/**
 * [n · rank] orthonormal directions in chunk space along which to measure a response, smooth ones first: cosines in time
 * (DCT-II), one action dimension at a time. All of them for chunks of up to 256 values.
 */
export function smoothDirections({ horizon, dim }: ChunkShape): Float64Array {
  const rank = Math.min(horizon * dim, MOST);
  const basis = new Float64Array(horizon * dim * rank);
  for (let direction = 0; direction < rank; direction++) {
    const frequency = Math.floor(direction / dim);
    const d = direction % dim;
    const length = Math.sqrt((frequency === 0 ? 1 : 2) / horizon);
    for (let h = 0; h < horizon; h++) {
      const phase = (Math.PI * frequency * (h + 0.5)) / horizon;
      basis[(h * dim + d) * rank + direction] = length * Math.cos(phase);
    }
  }
  return basis;
}

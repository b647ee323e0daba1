import type { Candidate } from "../../src/inference/tick.js";

export const VALUES = 257;

/** A candidate whose every number tells which one it is. */
export function numbered(k: number): Candidate {
  return {
    actions: new Float32Array(VALUES).fill(k % 4096),
    clipped: k,
    start: k % 2 === 0 ? "warm" : "cold",
    residual: k + 1 / 3,
    sweeps: k,
    evaluations: k,
  };
}

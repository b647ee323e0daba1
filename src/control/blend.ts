/** How a new chunk takes over from the plan before it. */
export type BlendKind = "none" | "linear" | "quintic";

export interface Blend {
  readonly kind: BlendKind;
  /** Control steps from the last action before the seam to the first that is the new chunk's alone. */
  readonly steps: number;
}

/**
 * Weight in [0, 1] of the new chunk `k` control steps after the seam, the last action before it being k = 0: none of it
 * there, nothing else from `steps` on. `quintic` begins and ends with no velocity and no acceleration, so that neither
 * jumps at the seam.
 *
 * @example
 * const action = (1 - blendWeight("quintic", 1, 4)) * before + blendWeight("quintic", 1, 4) * after;
 */
export function blendWeight(kind: BlendKind, k: number, steps: number): number {
  if (k <= 0) return 0;
  if (kind === "none" || k >= steps) return 1;
  const t = k / steps;
  return kind === "linear" ? t : t * t * t * (10 + t * (6 * t - 15));
}

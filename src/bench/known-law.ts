import { gaussianMixture } from "../sampling/analytic.js";
import type { Denoiser } from "../sampling/denoiser.js";
import type { NoiseSchedule } from "../sampling/schedule.js";

/** A law on the line that is known altogether: its denoiser, and so its diffusion, has no error. */
export interface KnownLaw {
  readonly name: string;
  readonly modes: readonly { readonly mean: number; readonly weight: number }[];
  /** Standard deviation within a mode. */
  readonly deviation: number;
}

export const KNOWN_LAWS: readonly KnownLaw[] = [
  { name: "Gaussian", modes: [{ mean: 0.3, weight: 1 }], deviation: 0.2 },
  {
    name: "two modes",
    modes: [
      { mean: -0.5, weight: 0.3 },
      { mean: 0.5, weight: 0.7 },
    ],
    deviation: 0.1,
  },
];

export function denoiserOf({ modes, deviation }: KnownLaw, schedule: NoiseSchedule): Denoiser {
  const points = modes.map(({ mean, weight }) => ({ mean: [mean], weight }));
  // A clip would change the law.
  return gaussianMixture({ horizon: 1, dim: 1 }, schedule, points, deviation, Number.POSITIVE_INFINITY);
}

/** Kolmogorov-Smirnov distance of samples to the law: the largest gap between the two distribution functions. */
export function distanceToLaw(samples: readonly number[], { modes, deviation }: KnownLaw): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const below = (x: number) =>
    modes.reduce((sum, { mean, weight }) => sum + weight * normalShare((x - mean) / deviation), 0);
  return sorted.reduce((largest, x, k) => {
    const expected = below(x);
    const gaps = [expected - k / sorted.length, (k + 1) / sorted.length - expected];
    return Math.max(largest, ...gaps);
  }, 0);
}

/** The distance that samples of the law itself exceed once in twenty times. */
export function distanceByChance(samples: number): number {
  return 1.36 / Math.sqrt(samples);
}

/** Share of a standard normal below x: the power series of the error function, or its bound where that has none left. */
function normalShare(x: number): number {
  if (Math.abs(x) > 6) return x > 0 ? 1 : 0;
  let term = x;
  let sum = x;
  for (let k = 1; Math.abs(term) > 1e-12; k++) {
    term *= (x * x) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

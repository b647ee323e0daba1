import type { Point } from "../arm/pose.js";
import type { RandomState } from "../mt19937.js";
import type { Gait } from "./stride.js";

/** What differs from one demonstration to the next, as between people. */
export interface Manner {
  /** Over the cube's centre, m. */
  readonly approachHeight: number;
  readonly liftHeight: number;
  /** From the cube's centre when the fingers close. */
  readonly graspOffset: Point;
  readonly approach: Gait;
  readonly descent: Gait;
  readonly lift: Gait;
  /** Standard deviation of the wobble, m. */
  readonly wobble: number;
  /** By how much the first approach misses; corrected over the cube. */
  readonly miss: Point;
  /** Control steps of looking before going down. */
  readonly pause: number;
}

export function drawManner(random: RandomState): Manner {
  const between = (low: number, high: number) => random.uniform(low, high);
  const isCareless = between(0, 1) < 0.25;
  const hesitates = between(0, 1) < 0.2;
  const missAngle = between(0, 2 * Math.PI);
  const miss = isCareless ? between(0.012, 0.025) : 0;
  return {
    approachHeight: between(0.06, 0.11),
    liftHeight: between(0.07, 0.11),
    graspOffset: [between(-0.004, 0.004), between(-0.004, 0.004), between(-0.006, 0.006)],
    approach: { speed: between(0.15, 0.3), braking: between(0.25, 0.5), turnRate: between(0.8, 1.6) },
    descent: { speed: between(0.08, 0.15), braking: between(0.15, 0.3), turnRate: 0.8 },
    lift: { speed: between(0.1, 0.22), braking: 0.5, turnRate: 0.8 },
    wobble: between(0, 0.0015),
    miss: [miss * Math.cos(missAngle), miss * Math.sin(missAngle), 0],
    pause: hesitates ? random.randint(2, 6) : 0,
  };
}

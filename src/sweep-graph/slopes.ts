import type { Response } from "../sampling/response.js";
import type { Rule } from "../sampling/rules/rule.js";
import { calibrated, postsOf } from "../sampling/solvers/slopes/calibrated.js";
import { linearRemaining } from "../sampling/solvers/slopes/scalar.js";

/** The slope of every step: [steps] numbers, or the policy's mean response, corrected by probes. */
export type Slopes = Float64Array | ProbedResponse;

export interface ProbedResponse {
  readonly response: Response;
  /** Directions that are probed at each post; 0 leaves the mean as it is. */
  readonly probes: number;
  /** In which what the probes found is worked into a sweep; as many as it takes unless told. */
  readonly rounds?: number;
}

/** Of one matrix, as float32: a device reads all of it several times in a sweep. */
const MOST_BYTES = 64 * 2 ** 20;

/** Of a response, for one matrix over all steps to stay within {@link MOST_BYTES}. */
export function mostDirections({ steps }: Rule): number {
  return Math.floor(Math.sqrt(MOST_BYTES / 4) / steps);
}

/** The step of every row that a sweep asks beside its own, to probe the slope. */
export function probedSteps(slopes: Slopes, rule: Rule): number[] {
  if (slopes instanceof Float64Array) return [];
  const { response, probes } = slopes;
  const each = Math.min(probes, response.rank);
  return each > 0
    ? postsOf(rule, levelsOf(response)).flatMap((post) => new Array<number>(each).fill(post))
    : [];
}

/** What a sweep with these slopes leaves to change, from its largest movement and surprise, as the solver estimates it. */
export function remainingWith(
  slopes: Slopes,
  rule: Rule,
  size: number,
): (movement: number, surprise: number) => number {
  if (slopes instanceof Float64Array) return linearRemaining;
  const slope = calibrated(slopes.response, slopes.probes)(rule, size);
  return (movement, surprise) => slope.remaining(movement, surprise);
}

/** How many noise levels a response was measured at. */
export function levelsOf({ basis, slope }: Response): number {
  return slope.length / basis.length;
}

import { guessFor } from "../policy/calibration.js";
import type { Denoiser } from "../sampling/denoiser.js";
import type { Rule } from "../sampling/rules/rule.js";
import { SEMILINEAR_TOLERANCE, semilinear } from "../sampling/solvers/semilinear.js";
import { sequential } from "../sampling/solvers/sequential.js";
import { largestChange, lastIterate, type Problem } from "../sampling/solvers/solver.js";
import { quantile } from "../telemetry/statistics.js";
import type { CalibrationTick, Learnt } from "./calibrate.js";

/** A larger one would save hardly a sweep. */
const TOLERANCES = [SEMILINEAR_TOLERANCE, 0.015, 0.01, 0.007, 0.005] as const;
/** Error of an executed action, in normalised units, … */
const WANTED_ERROR = 0.05;
/** … below which such a share of solves has to stay. */
const WANTED_SHARE = 0.99;

/** Where it is measured. */
export interface ToleranceChecks {
  /** Of ticks that the calibration has not been learnt from. */
  readonly source: AsyncIterator<CalibrationTick>;
  readonly ticks: number;
  /** The values of a chunk that are executed: what a robot never does may be off. */
  readonly executed: readonly [from: number, to: number];
}

export interface MeasuredTolerance {
  readonly tolerance: number;
  /** Which one solve in a hundred exceeds with it: above 0.05 when the smallest tolerance was not enough. */
  readonly error_p99: number;
}

/**
 * The largest of a few tolerances at which 99 of 100 solves with a calibration end within 0.05 of the sequential sample, cold and, where
 * the source has starts, warm. Policies differ in it: where one switches, as with a gripper, a residual says less.
 */
export async function measureTolerance(
  denoiser: Denoiser,
  rule: Rule,
  learnt: Learnt,
  { source, ticks, executed: [from, to] }: ToleranceChecks,
  progress: (what: string) => void,
): Promise<MeasuredTolerance> {
  const contenders = TOLERANCES.map((tolerance) => ({
    tolerance,
    solver: semilinear({ response: learnt.response, tolerance }),
    errors: [] as number[],
  }));
  const offset = new Float64Array(learnt.offset.length);
  for (let tick = 0; tick < ticks; tick++) {
    const next = await source.next();
    if (next.done) throw new RangeError(`the source ended after ${tick} of ${ticks} ticks`);
    const { observation, noise, start } = next.value;
    const problem: Problem = { rule, denoiser, noise };
    const exact = (await lastIterate(sequential(), problem)).chunk.slice();
    const cold: Problem = { ...problem, guess: guessFor(learnt, observation, offset) };
    for (const { solver, errors } of contenders) {
      for (const asked of start ? [cold, { ...problem, start }] : [cold]) {
        errors.push(largestChange((await lastIterate(solver, asked)).chunk, exact, from, to));
      }
    }
    progress(`tolerance at ${tick + 1}/${ticks} ticks`);
  }
  const measured = contenders.map(({ tolerance, errors }) => ({
    tolerance,
    error_p99: quantile(errors, WANTED_SHARE),
  }));
  return measured.find(({ error_p99 }) => error_p99 <= WANTED_ERROR) ?? measured[measured.length - 1];
}

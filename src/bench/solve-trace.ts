import { largestChange, type Problem, type Solver } from "../sampling/solvers/solver.js";

/** Distance from the exact sequential sample that counts as arrived: 1 % of the action range [-1, 1]. */
export const HINDSIGHT_TOLERANCE = 0.02;
/** A followed solve goes on until its residual is this small: later sweeps will not leave the tolerance again. */
const SETTLED = { residual: 1e-3, error: HINDSIGHT_TOLERANCE };

/** A solve as the run-time sees it: until it is accepted, on the clock. */
export interface AcceptedSolve {
  readonly sweeps: number;
  readonly evaluations: number;
  /** Batch size of every sweep. */
  readonly batches: readonly number[];
  /** Largest error of the executed actions. */
  readonly error: number;
  readonly ms: number;
  readonly path: ErrorPath;
}

/** What a solve did sweep by sweep, in hindsight. */
export interface ErrorPath {
  /** After every sweep: the largest error of the executed actions … */
  readonly errors: readonly number[];
  /** … and the evaluations so far. */
  readonly evaluations: readonly number[];
}

/** What a solve is compared with. */
export interface Exact {
  /** [H·D] the sequential sample of the same noise. */
  readonly chunk: Float64Array;
  /** Entries that will be executed, [from, to): the only ones whose error counts. */
  readonly executed: readonly [from: number, to: number];
}

/** Solves until the solver accepts. */
export async function solveOnTheClock(
  solver: Solver,
  problem: Problem,
  { chunk, executed: [from, to] }: Exact,
): Promise<AcceptedSolve> {
  const errors: number[] = [];
  const evaluations: number[] = [];
  const began = performance.now();
  for await (const iterate of solver(problem)) {
    errors.push(largestChange(iterate.chunk, chunk, from, to));
    evaluations.push(iterate.evaluations);
    if (iterate.accepted) break;
  }
  const ms = performance.now() - began;
  return {
    sweeps: errors.length,
    evaluations: evaluations[evaluations.length - 1],
    batches: evaluations.map((sum, k) => sum - (evaluations[k - 1] ?? 0)),
    error: errors[errors.length - 1],
    ms,
    path: { errors, evaluations },
  };
}

/** Follows a solver, most often one that never accepts, until it is `settled` and no more is to be seen. */
export async function follow(
  solver: Solver,
  problem: Problem,
  { chunk, executed: [from, to] }: Exact,
  settled: { readonly residual: number; readonly error: number } = SETTLED,
): Promise<ErrorPath> {
  const errors: number[] = [];
  const evaluations: number[] = [];
  for await (const iterate of solver(problem)) {
    const error = largestChange(iterate.chunk, chunk, from, to);
    errors.push(error);
    evaluations.push(iterate.evaluations);
    if (iterate.residual <= settled.residual && error <= settled.error) break;
  }
  return { errors, evaluations };
}

/** The first sweep from which the error stays within the tolerance; undefined where it does not end there. */
export function sweepsWithin({ errors }: ErrorPath, tolerance: number): number | undefined {
  let sweeps = errors.length;
  // NaN is never within.
  while (sweeps > 0 && errors[sweeps - 1] <= tolerance) sweeps -= 1;
  return sweeps < errors.length ? sweeps + 1 : undefined;
}

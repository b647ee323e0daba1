import type { Response } from "../sampling/response.js";
import type { Rule } from "../sampling/rules/rule.js";
import { followGuess } from "../sampling/solvers/guess.js";
import { toleranceOf } from "../sampling/solvers/semilinear.js";
import { chunkSize, type Solver } from "../sampling/solvers/solver.js";
import { rebuildStates } from "../sampling/solvers/states.js";
import type { SweepSession } from "./session.js";
import { probedSteps, remainingWith, type Slopes } from "./slopes.js";

export interface SweepSolverOptions {
  /** The rule that the graph was composed for. */
  readonly rule: Rule;
  /** That the graph was composed for, too. */
  readonly slopes: Slopes;
  /** In whose basis cold problems have their guess; without one, a cold start knows nothing. */
  readonly response?: Response;
  /** Accept when the residual is at most this; 0 runs until every step is exact. */
  readonly tolerance?: number;
}

/**
 * The semi-linear solver with its sweeps in the network's graph: a call is one sweep or several, after each of which it yields
 * an iterate. Later sweeps of a call have run by then, accepted or not, and `clean` is that of the last of them.
 *
 * Each sweep evaluates all steps. With a response the first one of a cold start is never accepted, as in {@link semilinear}.
 *
 * The graph has the network in it and has been told the observation: it does not ask the problem's denoiser, which must be the
 * same network, with no frozen rows.
 *
 * @throws RangeError on a problem of another rule, or a negative tolerance.
 * @example
 * const session = await SweepSession.load(composeSweeps(bundle.network, options), runtime);
 * session.observe(observation);
 * for await (const { chunk } of sweepSolver(session, { rule, slopes })(problem)) …
 */
export function sweepSolver(session: SweepSession, options: SweepSolverOptions): Solver {
  const { rule, slopes, response, tolerance = toleranceOf(response) } = options;
  if (!(tolerance >= 0)) throw new RangeError(`a tolerance is a number ≥ 0, not ${tolerance}`);

  return async function* solve(problem) {
    const { noise, start, guess } = problem;
    if (!sameRule(problem.rule, rule)) {
      throw new RangeError(
        `the sweep graph is for ${rule.name} in ${rule.steps} steps, not for ${problem.rule.name} in ${problem.rule.steps}`,
      );
    }
    const { steps } = rule;
    const size = chunkSize(problem);
    const base = new Float64Array((steps + 1) * size);
    const model = start ? start.slice() : new Float64Array(steps * size);
    if (!start && guess && response) followGuess(rule, noise, guess, response, model, base);
    rebuildStates(rule, noise, new Float64Array(steps * size), size, base);
    const chunk = new Float64Array(size);
    const isGuess = !start && !(slopes instanceof Float64Array);
    const remaining = remainingWith(slopes, rule, size);
    const rows = steps + probedSteps(slopes, rule).length;

    for (let sweeps = 0; sweeps < steps; ) {
      const { clean, chunks, changes } = await session.sweep(base, model);
      model.set(clean);
      for (let k = 0; k < session.sweeps && sweeps < steps; k++) {
        sweeps += 1;
        chunk.set(chunks.subarray(k * size, (k + 1) * size));
        const isExact = sweeps === steps;
        const isUnconfirmed = isGuess && sweeps === 1 && !isExact;
        const residual = isUnconfirmed
          ? Number.POSITIVE_INFINITY
          : remaining(changes[2 * k], changes[2 * k + 1]);
        const accepted = residual <= tolerance || isExact;
        yield { chunk, clean: model, residual, sweeps, evaluations: sweeps * rows, accepted };
        if (accepted) return;
      }
    }
  };
}

function sameRule(a: Rule, b: Rule): boolean {
  const columns = ["level", "state", "clean", "previous", "noise", "signal"] as const;
  return a.steps === b.steps && columns.every((name) => a[name].every((value, i) => value === b[name][i]));
}

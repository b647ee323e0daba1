import type { Rule } from "../rules/rule.js";
import { TriangularAcceleration } from "./acceleration.js";
import { chunkSize, largestChange, type Solver } from "./solver.js";
import { rebuildStates, takeStep } from "./states.js";

/** Keeps the error at acceptance below 0.01 on a PushT policy, cold and warm. */
const TOLERANCE = 2e-3;

export interface AndersonOptions {
  /** Sweeps whose residuals are combined, 1 to 5; 1 is the plain fixed point. */
  readonly memory?: number;
  /** Steps over which a point is rebuilt; all of them unless told. */
  readonly order?: number;
  /** Steps solved together; all of them unless told. */
  readonly window?: number;
  /** A point settles when the RMS of its residual is at most this, in units of the state … */
  readonly tolerance?: number;
  /** … or this many DDPM standard deviations of the step that leads to it; five tolerances unless told. */
  readonly noiseTolerance?: number;
  /** Added to the diagonal of the normal equations, as a share of its mean. */
  readonly regularization?: number;
}

/**
 * ParaTAA: the fixed point of the chain, sped up by Anderson acceleration that respects its order. Each sweep evaluates
 * the network at all unsettled states in one batch and rebuilds every point from the state `order` steps before it and
 * the clean predictions P in between, kept as they are:
 *
 *     F_j = Π state · X_{j-order} + Σ (clean·P + previous·P + noise·z, each carried on to j)
 *
 * Order 1 is the step as it stands, order = steps the semi-linear scan; all have the sequential sample as their only
 * fixed point. Then every point is moved by the {@link TriangularAcceleration} of the last `memory` sweeps. The paper
 * freezes noise predictions; this solver freezes clean ones, which are clipped and so keep every point within bounds.
 *
 * Safeguard: the first unsettled point depends on settled ones only, so its F is exact and it takes the plain update.
 * One more point is therefore exact after every sweep, and a solve ends within `rule.steps` sweeps at any tolerance and
 * whatever the acceleration does.
 *
 * Stopping, as in the authors' code: the points up to the first one whose RMS residual is above *both* tolerances are
 * settled and leave the batch; the solve ends when all are. The DDPM deviation is 0 on the last step, so the chunk
 * answers to `tolerance` alone, in action units. A settled state before it may be off by some tolerances, which reach
 * the chunk damped by the network's slope, unless it stands where a mode is chosen. Published: 1e-3 for both, of which
 * the second is idle, because no deviation exceeds 1. A larger noise tolerance lets noisy points leave early: with 0.1
 * and a tolerance of 0.005, 6 of 270 DDIM samples of mixtures were accepted in another mode, with the defaults none.
 *
 * The residual is the larger of two changes by the last sweep, in action units: of any unsettled clean prediction and of
 * the chunk. Of the iterates on a PushT policy (32 states, cold and warm) with a residual up to 0.05, one in 170 was
 * further off than that: 0.055. A window shorter than the chain moves too slowly for such an estimate (of 20: 4 in 100,
 * up to 0.16), so its residual is Infinity until the solve is accepted.
 *
 * Cost on that policy, 100 steps: 9.0 sweeps and 332 evaluations cold, 7.1 and 276 from a warm start after eight
 * executed steps, with errors of 0.0005 at the median and 0.003 at most. {@link semilinear} with the secant slope needs
 * three sweeps less but 576 and 387 evaluations, because only exact points leave its batch. So use this solver where a
 * batch costs in proportion to its size, as on a CPU, and that one where a batch of all steps is cheap. A window of 20
 * takes 13.0 sweeps and 193 evaluations cold. Memories of 2 to 5 differ by 0.3 sweeps, regularisations from 1e-6 to 0.1
 * by less, and order 20 is half a sweep slower.
 *
 * Source: Tang et al. 2024 (ParaTAA, arXiv 2402.09970): equations of order k, triangular Anderson acceleration and its
 * safeguard.
 *
 * @throws RangeError on a memory outside 1 to 5, an order or window that is not a whole number ≥ 1, or a negative
 * tolerance or regularization.
 * @example
 * for await (const { chunk, residual } of anderson({ memory: 3 })(problem)) console.log(residual);
 */
export function anderson(options: AndersonOptions = {}): Solver {
  const { memory = 3, order = Number.POSITIVE_INFINITY, window = Number.POSITIVE_INFINITY } = options;
  const { tolerance = TOLERANCE, noiseTolerance = 5 * tolerance, regularization = 1e-3 } = options;
  if (!Number.isInteger(memory) || memory < 1 || memory > 5)
    throw new RangeError(`a memory is a whole number from 1 to 5, not ${memory}`);
  for (const [name, value] of Object.entries({ order, window })) {
    if (!(value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value >= 1)))
      throw new RangeError(`the ${name} is a whole number ≥ 1, not ${value}`);
  }
  for (const [name, value] of Object.entries({ tolerance, noiseTolerance, regularization })) {
    if (!(value >= 0)) throw new RangeError(`the ${name} is a number ≥ 0, not ${value}`);
  }

  return async function* solve(problem) {
    const { rule, denoiser, noise, start } = problem;
    const { steps } = rule;
    const size = chunkSize(problem);
    const clean = start ? start.slice() : new Float64Array(steps * size);
    const before = new Float64Array(clean.length);
    const states = new Float64Array((steps + 1) * size);
    const scan = new Float64Array(states.length);
    const update = new Float64Array(states.length);
    const residuals = new Float64Array(states.length);
    const carry = carriedShare(rule, order);
    const acceleration = new TriangularAcceleration(steps + 1, size, memory - 1, regularization);

    rebuildStates(rule, noise, clean, size, states);
    let begin = 0;
    let end = Math.min(window, steps);
    for (let sweeps = 1, evaluations = 0; begin < steps; sweeps++) {
      before.set(clean);
      await denoiser.predict(
        states.subarray(begin * size, end * size),
        rule.level.subarray(begin, end),
        end - begin,
        clean.subarray(begin * size, end * size),
      );
      evaluations += end - begin;

      // The scan from the window's begin rebuilds every point over all steps. Over `order` steps only, a point keeps
      // what is left of the difference between the state there and the scan there.
      for (let k = begin * size; k < (begin + 1) * size; k++) scan[k] = states[k];
      for (let i = begin; i < end; i++) takeStep(rule, noise, clean, i, size, scan);
      for (let j = begin + 1; j <= end; j++) {
        const back = j - order > begin ? order * size : 0;
        for (let k = j * size; k < (j + 1) * size; k++) {
          update[k] = scan[k] + (back === 0 ? 0 : carry[j] * (states[k - back] - scan[k - back]));
          residuals[k] = update[k] - states[k];
        }
      }

      // A later point is as good as settled only if all before it are.
      let settled = begin;
      while (settled < end) {
        const limit = Math.max(tolerance, noiseTolerance * rule.deviation[settled]);
        if (!(rootMeanSquare(residuals, (settled + 1) * size, (settled + 2) * size) <= limit)) break;
        settled += 1;
      }
      const next = Math.max(settled, begin + 1);

      acceleration.remember(states, residuals, begin + 1, end);
      for (let j = begin + 1; j <= end; j++) {
        acceleration.add(j);
        // Settled points, and the first, which is exact, take the plain update: this is what bounds the sweeps.
        if (j > next) acceleration.correct(j, update);
      }

      const accepted = next === steps;
      let residual = Number.POSITIVE_INFINITY;
      if (window >= steps || accepted) {
        residual = largestChange(clean, before, begin * size, steps * size);
        residual = Math.max(residual, largestChange(update, states, steps * size, (steps + 1) * size));
      }
      states.set(update.subarray((begin + 1) * size, (end + 1) * size), (begin + 1) * size);

      begin = next;
      for (const newEnd = Math.min(begin + window, steps); end < newEnd; end++) {
        // A cold start knows nothing better of new points than what the one before them predicts.
        if (!start) clean.copyWithin(end * size, (end - 1) * size, end * size);
        takeStep(rule, noise, clean, end, size, states);
      }

      yield { chunk: states.subarray(steps * size), clean, residual, sweeps, evaluations, accepted };
    }
  };
}

/** `[j]`: the share of the state `order` steps before point j, or of the first state, that reaches point j. */
function carriedShare(rule: Rule, order: number): Float64Array {
  return Float64Array.from({ length: rule.steps + 1 }, (_, j) =>
    rule.state.subarray(Math.max(0, j - order), j).reduce((product, factor) => product * factor, 1),
  );
}

/** NaN if any entry is. */
function rootMeanSquare(values: Float64Array, from: number, to: number): number {
  let squares = 0;
  for (let k = from; k < to; k++) squares += values[k] ** 2;
  return Math.sqrt(squares / (to - from));
}

import type { Response } from "../response.js";
import type { Rule } from "../rules/rule.js";
import { coarseSteps } from "./coarse-steps.js";
import { followGuess } from "./guess.js";
import { calibrated, probeRows } from "./slopes/calibrated.js";
import { flat, gaussian, gaussianSlope, secant } from "./slopes/scalar.js";
import type { SlopeFactory } from "./slopes/slope.js";
import { chunkSize, type Solver } from "./solver.js";
import { rebuildStates, takeStep } from "./states.js";
import { SweepBatch } from "./sweep-batch.js";

/**
 * How the clean prediction is assumed to follow its state between sweeps: not at all (`x0`), as for Gaussian data of a
 * fixed spread (`gaussian`), as the last two sweeps showed, one number per step (`secant`), or as the policy's own mean
 * Jacobian says, corrected by probes (`calibrated`).
 */
export type SlopeName = "x0" | "gaussian" | "secant" | "calibrated";

/**
 * Keeps the 99th percentile of the error at acceptance below 0.05 on PushT, cold and warm: `parapilot bench acceptance`. Other
 * policies have their own in {@link Response.tolerance}.
 */
export const SEMILINEAR_TOLERANCE = 0.025;

/** Standard deviation of normalised actions over all modes together. */
const OVERALL_SPREAD = 0.5;

/** A step whose state moves by less than this share of the tolerance, in action units, needs no evaluation. */
const SETTLED = 0.4;

export interface SemilinearOptions {
  /** `calibrated` if there is a response, else `secant`, unless told. */
  readonly slope?: SlopeName;
  /** The policy's mean response, which the calibrated slope needs. */
  readonly response?: Response;
  /** Directions in which the calibrated slope is probed; 0 leaves it at the mean. */
  readonly probes?: number;
  /** Accept when the residual is at most this, the response's own unless told; 0 runs until every step is exact. */
  readonly tolerance?: number;
  /** Standard deviation of normalised actions within one mode, for the Gaussian slope. */
  readonly spread?: number;
}

/**
 * The parallel solver that needs the fewest sweeps. Each sweep evaluates the network at the current states in one batch,
 * replaces it by its linear model around them, p_i(x) ≈ p_i(X_i) + J_i·(x - X_i), and solves the whole recurrence with
 * that model exactly, in one pass:
 *
 *     x[i+1] = state[i]·x[i] + clean[i]·m_i + previous[i]·m_{i-1} + noise[i]·z[i],   m_i = p_i(X_i) + J_i·(x[i] - X_i)
 *
 * The linear part of the rule, which Picard iteration works off sweep by sweep, is thereby never iterated. All slopes J
 * share the sequential sample as fixed point. The first step that is not exact yet is in every batch and depends on
 * exact ones only, so one more step is exact after every sweep and a solve ends within `rule.steps` sweeps at any
 * tolerance, whatever the slope.
 *
 * The calibrated slope makes this nearly Newton's method. It also evaluates fewer steps: its first sweep a coarse set of
 * them, with the surprises (prediction less model) of the others interpolated; later ones also those whose states still
 * move. A cold start follows the policy's straight-line {@link Problem.guess} through the chain before the first sweep.
 *
 * Stopping: the residual estimates, in action units, what is left to change, from how far this sweep moved each state
 * times the slope of Gaussian data spread as widely as actions are altogether: the slope's own `remaining` turns that
 * and the sweep's largest surprise into an error. No sweep is spent on confirming it. States that do not move solve the
 * chain, so at 0 the chunk is the sequential sample. The first sweep of a cold start is never accepted unless it is
 * exact: a coarse set of steps around a guess has confirmed nothing.
 *
 * Cost: see `parapilot bench samplers`; on a trained 100-step PushT policy and with its calibration, about 3 sweeps cold
 * and 1.5 to 2.5 warm, of 75 to 100 evaluations. Use it wherever a batch is cheaper than its samples one by one. It
 * loses to {@link sequential} where a batch is not, and to a 10-step rule where that is good enough.
 *
 * Source: the semi-linear form is exponential integration; the secant is a diagonal Broyden (1965) update; solving the
 * linearised chain in one pass is Newton's method for recurrences (DEER, Lim et al. 2024, arXiv 2309.12252).
 *
 * @throws RangeError on a negative tolerance, a spread that is not positive, or a calibrated slope without response.
 * @example
 * for await (const { chunk, residual } of semilinear({ tolerance: 0.01 })(problem)) console.log(residual);
 */
export function semilinear(options: SemilinearOptions = {}): Solver {
  const { response, spread = 0.05, probes = 10 } = options;
  const { slope = response ? "calibrated" : "secant" } = options;
  const { tolerance = toleranceOf(slope === "calibrated" ? response : undefined) } = options;
  if (!(tolerance >= 0)) throw new RangeError(`a tolerance is a number ≥ 0, not ${tolerance}`);
  if (!(spread > 0)) throw new RangeError(`a spread is a number > 0, not ${spread}`);
  const isCalibrated = slope === "calibrated";
  const createSlope = slopeFactory(slope, spread, response, probes);
  const extraRows = isCalibrated && response ? probeRows(response, probes) : 0;

  return async function* solve(problem) {
    const { rule, denoiser, noise, start, guess } = problem;
    const { steps } = rule;
    const size = chunkSize(problem);
    const slopes = createSlope(rule, size);
    const batch = new SweepBatch(steps, size, extraRows);
    const model = start ? start.slice() : new Float64Array(steps * size);
    const clean = new Float64Array(steps * size);
    const states = new Float64Array((steps + 1) * size);
    const old = new Float64Array((steps + 1) * size);
    const moved = new Float64Array(size);
    const unsettled = new Uint8Array(steps).fill(1);
    // At tolerance 0 nothing may rest on interpolation.
    const coarse = isCalibrated && tolerance > 0 ? coarseSteps(rule) : new Uint8Array(steps).fill(1);
    const reach = reachOf(rule);
    const chunk = states.subarray(steps * size);

    if (!start && guess && response) followGuess(rule, noise, guess, response, model, states);
    else rebuildStates(rule, noise, model, size, states);

    // Functions of their own: a generator keeps its numbers on the heap, hundreds of kilobytes a sweep.
    const ask = (sweeps: number): void => {
      const first = sweeps - 1;
      batch.clear();
      for (let i = first; i < steps; i++) {
        const wanted = coarse[i] === 1 || i === first || (sweeps > 1 && unsettled[i] === 1);
        if (wanted) batch.addStep(i, states, rule.level[i]);
      }
    };
    /** Solves the chain with the linear model from a step on; the largest movement of a state, in action units. */
    const resolve = (first: number): number => {
      old.set(states);
      let movement = 0;
      for (let i = first; i < steps; i++) {
        const at = i * size;
        let here = 0;
        for (let k = 0; k < size; k++) {
          moved[k] = states[at + k] - old[at + k];
          // Math.max keeps NaN, as it must: a residual that lost it would let the chunk pass.
          here = Math.max(here, reach[i] * Math.abs(moved[k]));
          model[at + k] = clean[at + k];
        }
        if (i > first) slopes.add(i, moved, model, at);
        takeStep(rule, noise, model, i, size, states);
        movement = Math.max(movement, here);
        unsettled[i] = here > SETTLED * tolerance ? 1 : 0;
      }
      return movement;
    };

    for (let sweeps = 1, evaluations = 0; sweeps <= steps; sweeps++) {
      const first = sweeps - 1;
      const isGuess = sweeps === 1 && !start;
      ask(sweeps);
      // Around a guess the local slope says little; it pays from a warm start and from the second sweep on.
      if (!isGuess) slopes.ask({ first, isGuess, states, clean, unsettled }, batch);
      await batch.evaluate(denoiser);
      evaluations += batch.rows;
      const surprise = batch.spread(model, clean);
      slopes.learn({ first, isGuess, states, clean, unsettled }, batch);

      const movement = resolve(first);
      const isExact = sweeps === steps;
      const remaining = slopes.remaining(movement, surprise);
      const residual = isGuess && isCalibrated && !isExact ? Number.POSITIVE_INFINITY : remaining;
      const accepted = residual <= tolerance || isExact;
      yield { chunk, clean: model, residual, sweeps, evaluations, accepted };
      if (accepted) return;
    }
  };
}

/** The tolerance in force when none is asked for. */
export function toleranceOf(response: Response | undefined): number {
  return response?.tolerance ?? SEMILINEAR_TOLERANCE;
}

/** [steps] by how much a movement of a state moves the chunk, as if actions were Gaussian over all modes together. */
export function reachOf(rule: Rule): Float64Array {
  return rule.signal.map((signal) => gaussianSlope(signal, OVERALL_SPREAD));
}

function slopeFactory(
  slope: SlopeName,
  spread: number,
  response: Response | undefined,
  probes: number,
): SlopeFactory {
  switch (slope) {
    case "x0":
      return flat;
    case "gaussian":
      return gaussian(spread);
    case "secant":
      return secant(spread);
    case "calibrated":
      if (!response) throw new RangeError("a calibrated slope needs the policy's response");
      return calibrated(response, probes);
  }
}

import type { Guess, Response } from "../response.js";
import { coarseSteps } from "./coarse-steps.js";
import { calibrated, probeRows } from "./slopes/calibrated.js";
import { flat, gaussian, gaussianSlope, secant } from "./slopes/scalar.js";
import type { SlopeFactory } from "./slopes/slope.js";
import { chunkSize, type Problem, type Solver } from "./solver.js";
import { takeStep } from "./states.js";
import { SweepBatch } from "./sweep-batch.js";

export type SlopeName = "x0" | "gaussian" | "secant" | "calibrated";

export const SEMILINEAR_TOLERANCE = 0.025;
const OVERALL_SPREAD = 0.5;
const PERSISTENCE = 0.5;

export interface SemilinearOptions {
  readonly slope?: SlopeName;
  readonly tolerance?: number;
  readonly spread?: number;
  /** What `calibrated` needs: the policy's mean response. */
  readonly response?: Response;
  readonly probes?: number;
}

export function semilinear(options: SemilinearOptions = {}): Solver {
  const {
    slope = "secant",
    tolerance = SEMILINEAR_TOLERANCE,
    spread = 0.05,
    probes = 10,
    response,
  } = options;
  if (!(tolerance >= 0)) throw new RangeError(`a tolerance is a number ≥ 0, not ${tolerance}`);
  if (!(spread > 0)) throw new RangeError(`a spread is a number > 0, not ${spread}`);
  const coarse = slope === "calibrated";
  const extra = response && coarse ? probeRows(response, probes) : 0;

  return async function* solve(problem) {
    const { rule, denoiser, noise, start, guess } = problem;
    const { steps } = rule;
    const size = chunkSize(problem);
    const slopes = slopeFactory(slope, spread, response, probes)(rule, size);
    const batch = new SweepBatch(size, steps + extra);
    const clean = new Float64Array(steps * size);
    const model = start ? start.slice() : new Float64Array(steps * size);
    const states = new Float64Array((steps + 1) * size);
    const old = new Float64Array((steps + 1) * size);
    const moved = new Float64Array(size);
    const lookAhead = rule.signal.map((signal) => gaussianSlope(signal, OVERALL_SPREAD));
    const grid = coarse ? coarseSteps(rule) : undefined;
    const rows = new Int32Array(steps);
    const [ef, et] = problem.executed ?? [0, size];

    states.set(noise.initial);
    if (!start && guess && response) predictStates(problem, guess, response, model, states);
    else for (let i = 0; i < steps; i++) takeStep(rule, noise, model, i, size, states);

    for (let sweeps = 1, evaluations = 0; sweeps <= steps; sweeps++) {
      const first = sweeps - 1;
      batch.clear();
      let count = 0;
      for (let i = first; i < steps; i++) {
        if (sweeps > 1 || !grid || grid[i] || i === first) {
          batch.add(states, i * size, rule.level[i]);
          rows[count++] = i;
        }
      }
      if (sweeps > 1 || start) slopes.ask({ first, states, clean }, batch);
      const probing = batch.rows > count;
      await batch.evaluate(denoiser);
      evaluations += batch.rows;
      takeIn(batch.predictions, rows, count, size, model, clean);
      let surprise = 0,
        surpriseM = 0;
      for (let q = 0; q < count; q++)
        for (let k = 0; k < size; k++) {
          const at = rows[q] * size + k;
          const e = Math.abs(clean[at] - model[at]);
          surprise = Math.max(surprise, e);
          if (rows[q] >= steps * 0.5) surpriseM = Math.max(surpriseM, e);
        }
      if (probing || slope !== "calibrated") slopes.learn({ first, states, clean }, batch);

      old.set(states);
      let ahead = 0,
        sum2 = 0;
      for (let i = first; i < steps; i++) {
        const at = i * size;
        for (let k = 0; k < size; k++) {
          moved[k] = states[at + k] - old[at + k];
          ahead = Math.max(ahead, lookAhead[i] * Math.abs(moved[k]));
          sum2 += (lookAhead[i] * moved[k]) ** 2;
          model[at + k] = clean[at + k];
        }
        if (i > first) slopes.add(i, moved, model, at);
        takeStep(rule, noise, model, i, size, states);
      }
      let c = 0;
      for (let k = ef; k < et; k++)
        c = Math.max(c, Math.abs(states[steps * size + k] - old[steps * size + k]));
      const residual = Math.max(ahead, PERSISTENCE * surprise);
      const accepted = residual <= tolerance || sweeps === steps;
      const iterate = {
        chunk: states.subarray(steps * size),
        clean: model,
        residual,
        sweeps,
        evaluations,
        accepted,
      };
      Object.assign(iterate, { features: { c, ahead, surprise, surpriseM, rms: Math.sqrt(sum2 / size) } });
      yield iterate;
      if (accepted) return;
    }
  };
}

function takeIn(
  predictions: Float64Array,
  rows: Int32Array,
  count: number,
  size: number,
  model: Float64Array,
  clean: Float64Array,
): void {
  for (let q = 0; q < count; q++) {
    const here = rows[q];
    const next = q + 1 < count ? rows[q + 1] : here + 1;
    for (let k = 0; k < size; k++) {
      const left = predictions[q * size + k] - model[here * size + k];
      clean[here * size + k] = predictions[q * size + k];
      const right = q + 1 < count ? predictions[(q + 1) * size + k] - model[next * size + k] : left;
      for (let i = here + 1; i < next; i++) {
        const share = (i - here) / (next - here);
        clean[i * size + k] = model[i * size + k] + (1 - share) * left + share * right;
      }
    }
  }
}

function slopeFactory(
  slope: SlopeName,
  spread: number,
  response: Response | undefined,
  probes: number,
): SlopeFactory {
  if (slope === "x0") return flat;
  if (slope === "gaussian") return gaussian(spread);
  if (slope === "secant") return secant(spread);
  if (!response) throw new RangeError("the calibrated slope needs a response");
  return calibrated(response, probes, response.slope.length / response.basis.length);
}

function predictStates(
  { rule, noise }: Problem,
  guess: Guess,
  response: Response,
  model: Float64Array,
  states: Float64Array,
): void {
  const { rank, basis } = response;
  const size = basis.length / rank;
  const y = new Float64Array(rank);
  for (let i = 0; i < rule.steps; i++) {
    const level = rule.level[i];
    const at = i * size;
    y.fill(0);
    for (let row = 0; row < size; row++)
      for (let c = 0; c < rank; c++) y[c] += basis[row * rank + c] * states[at + row];
    for (let k = 0; k < size; k++) {
      let s = guess.offset[level * size + k];
      const f = (level * size + k) * rank;
      for (let c = 0; c < rank; c++) s += guess.slope[f + c] * y[c];
      model[at + k] = Math.min(1, Math.max(-1, s));
    }
    takeStep(rule, noise, model, i, size, states);
  }
}

import { checkGrid, fullGrid } from "../grid.js";
import type { NoiseSchedule } from "../schedule.js";
import type { Rule } from "./rule.js";

/** The two ends of one step: the level at which the denoiser is asked, and the next, cleaner one. */
export interface Transition {
  /** ᾱ of the level of the step. */
  readonly signal: number;
  /** ᾱ after the step. */
  readonly cleaner: number;
  /** Variance that the forward process adds from the cleaner level to the noisier, 1 - ᾱ/ᾱ'. */
  readonly beta: number;
  /** Standard deviation of the DDPM posterior between the two. */
  readonly deviation: number;
  /** h ≥ 0: the growth of λ = ½·ln(ᾱ/(1-ᾱ)), in which the diffusion ODE is smooth; Infinity on a step to ᾱ' = 1. */
  readonly stride: number;
}

/** What a rule makes of one transition: a row of its recurrence. Absent coefficients are 0. */
export interface Row {
  readonly state: number;
  readonly clean: number;
  readonly previous?: number;
  readonly noise?: number;
}

/**
 * Builds a rule row by row along a grid of levels.
 *
 * @param grid levels, noisiest first; undefined means all.
 * @param last ᾱ after the last step.
 * @param row the coefficients of step i from all transitions of the chain.
 * @throws RangeError unless the grid decreases strictly within the schedule's levels.
 */
export function ruleAlong(
  name: string,
  schedule: NoiseSchedule,
  grid: Int32Array | undefined,
  last: number,
  row: (chain: readonly Transition[], i: number) => Row,
): Rule {
  const visited = grid?.slice() ?? fullGrid(schedule.levels);
  checkGrid(visited, schedule.levels);
  const chain = Array.from(visited, (level, i) => transition(schedule, level, visited[i + 1] ?? -1, last));
  const rows = chain.map((_, i) => row(chain, i));
  const column = (value: (row: Row) => number) => Float64Array.from(rows, value);
  return {
    name,
    steps: visited.length,
    level: visited,
    state: column(({ state }) => state),
    clean: column(({ clean }) => clean),
    previous: column(({ previous = 0 }) => previous),
    noise: column(({ noise = 0 }) => noise),
    signal: Float64Array.from(chain, ({ signal }) => signal),
    deviation: Float64Array.from(chain, ({ deviation }) => deviation),
  };
}

/** @param next level after the step; -1 behind the cleanest. */
function transition(schedule: NoiseSchedule, level: number, next: number, last: number): Transition {
  const signal = schedule.signal[level];
  const cleaner = next < 0 ? last : schedule.signal[next];
  // The schedule's own β has lost no digits to a quotient near 1.
  const adjacent = next === level - 1 && (next >= 0 || last === 1);
  const beta = adjacent ? schedule.beta[level] : 1 - signal / cleaner;
  return {
    signal,
    cleaner,
    beta,
    deviation: Math.sqrt((beta * (1 - cleaner)) / (1 - signal)),
    stride: logRatio(cleaner) - logRatio(signal),
  };
}

/** λ = ½·ln(ᾱ/(1-ᾱ)), half the logarithm of the signal-to-noise ratio. */
function logRatio(signal: number): number {
  return (Math.log(signal) - Math.log1p(-signal)) / 2;
}

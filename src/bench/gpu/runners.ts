import { createRule } from "../../inference/rule-settings.js";
import { createSolver } from "../../inference/settings.js";
import type { Bundle } from "../../policy/bundle.js";
import type { StatisticsRow } from "../../policy/solver-statistics.js";
import type { Rule } from "../../sampling/rules/rule.js";
import { squaredCosine } from "../../sampling/schedule.js";
import type { Solver } from "../../sampling/solvers/solver.js";
import { contendersFor, type Start } from "../contenders.js";
import type { CallPattern } from "./call-pattern.js";

/** Executed steps between two ticks, of the warm starts: as a policy is used, and as often as it can be. */
export const STRIDES = [8, 1] as const;
/** The published ones, and ours. */
const NAMES = ["ddpm-100", "ddim-10", "paraddpm", "semilinear"];

/** One way to sample a chunk, from one start. */
export interface Runner {
  readonly name: string;
  readonly start: Start;
  /** Of a warm start. */
  readonly stride: number | null;
  readonly solver: Solver;
  readonly rule: Rule;
  /** It has a sequential sample to be held against. */
  readonly isParallel: boolean;
  /** Batch sizes that the shipped figures of the policy give it on average; undefined where nobody recorded them. */
  readonly recorded: CallPattern | undefined;
}

/** What is measured of a policy. */
export function runnersOf({ manifest, calibration, statistics }: Bundle): Runner[] {
  const { levels } = manifest.diffusion;
  const schedule = squaredCosine(levels);
  const contenders = contendersFor(levels, calibration !== undefined, { only: NAMES });
  return contenders.flatMap(({ name, settings, starts }): Runner[] => {
    const isParallel = settings.name !== "sequential";
    const rule = createRule(settings.rule, schedule);
    const solver = createSolver(settings, calibration?.response);
    // ParaDDPM as it was published starts cold.
    const warm = settings.name === "semilinear" && starts.includes("warm") ? STRIDES : [];
    const runner = (start: Start, stride: number | null): Runner => {
      const row = statistics?.rows.find(
        (recorded) =>
          recorded.solver === settings.name &&
          recorded.start === start &&
          recorded.rule === rule.name &&
          recorded.steps === rule.steps &&
          (stride === null || recorded.stride === stride) &&
          (recorded.options.slope ?? settings.slope) === settings.slope,
      );
      const recorded = isParallel ? row && evenPattern(row.calls) : sequentialPattern(rule.steps);
      return { name, start, stride, solver, rule, isParallel, recorded };
    };
    return [runner("cold", null), ...warm.map((stride) => runner("warm", stride))];
  });
}

function sequentialPattern(steps: number): CallPattern {
  return Array.from({ length: steps }, () => 1);
}

/** Whole calls whose numbers add up to the mean ones: what a batch size leaves over counts towards the next smaller one. */
export function evenPattern(calls: StatisticsRow["calls"]): CallPattern {
  const pattern: number[] = [];
  let due = 0;
  for (const batch of Object.keys(calls)
    .map(Number)
    .sort((a, b) => b - a)) {
    due += calls[batch];
    for (; due >= 0.5; due -= 1) pattern.push(batch);
  }
  return pattern;
}

import { meanCalls } from "../policy/solver-statistics.js";
import { mean, quantile } from "../telemetry/statistics.js";
import { type Contender, flagsOf, type Start, solverId } from "./contenders.js";
import type { Score } from "./score.js";
import { type AcceptedSolve, type ErrorPath, HINDSIGHT_TOLERANCE, sweepsWithin } from "./solve-trace.js";

interface MeanAndTail {
  readonly mean: number;
  readonly p90: number;
}

/** What one contender came to from one start. */
export interface SamplerRow {
  readonly name: string;
  readonly rule: string;
  /** Of the rule's chain, which is the number of sequential evaluations. */
  readonly steps: number;
  readonly solver: string;
  /** How to run it: options of `parapilot eval`. */
  readonly flags: string;
  readonly start: Start;
  /** Steps executed between ticks: of the warm start, or of the loop that made the states. */
  readonly stride: number;
  readonly states: number;
  /**
   * First sweep from which the executed actions stay within {@link HINDSIGHT_TOLERANCE} of the sequential sample of the
   * same rule with the same noise, over solves that got there. Null for what is exact in law only, as are the errors.
   */
  readonly sweeps_to_tolerance: MeanAndTail | null;
  /** Share of solves that got there. */
  readonly within_tolerance: number | null;
  readonly sweeps_accepted: MeanAndTail;
  readonly evals_mean: number;
  /** Largest error of the executed actions at acceptance, normalised units. */
  readonly error_p50: number | null;
  readonly error_p99: number | null;
  readonly ms_p50: number;
  /** Of sequential sampling by the same rule, at the same states. */
  readonly sequential_ms_p50: number;
  /** Share of solves that took as many sweeps as the rule has steps. */
  readonly unconverged: number;
  /** Batch size: mean number of calls of this size in one solve. */
  readonly calls: Readonly<Record<string, number>>;
  readonly curve: Curve | null;
  readonly score?: Score;
  /** Failure signatures, in words. */
  readonly verdicts: readonly string[];
}

/** Error by sweep, over all solves; a solve that has ended keeps its last error. Arrays run in parallel. */
export interface Curve {
  readonly evaluations: readonly number[];
  readonly error_p50: readonly number[];
  readonly error_p90: readonly number[];
}

/** One solve of a contender. */
export interface Sample {
  readonly solve: AcceptedSolve;
  /** Beyond acceptance, where the solver can be followed there. */
  readonly path: ErrorPath;
  readonly sequentialMs: number;
}

/** Gathers the samples of one contender from one start. */
export function summariseSamples(
  contender: Contender,
  steps: number,
  start: Start,
  stride: number,
  samples: readonly Sample[],
  isCalibrated: boolean,
): Omit<SamplerRow, "verdicts"> {
  const { name, settings, lawOnly } = contender;
  const solves = samples.map(({ solve }) => solve);
  const arrived = samples.flatMap(({ path }) => sweepsWithin(path, HINDSIGHT_TOLERANCE) ?? []);
  const errors = solves.map(({ error }) => error);
  const times = (ms: readonly number[]) => quantile(ms, 0.5);
  return {
    name,
    rule: settings.rule.name,
    steps,
    solver: solverId(settings, isCalibrated),
    flags: flagsOf(contender, start),
    start,
    stride,
    states: samples.length,
    sweeps_to_tolerance: lawOnly ? null : meanAndTail(arrived),
    within_tolerance: lawOnly ? null : arrived.length / samples.length,
    sweeps_accepted: meanAndTail(solves.map(({ sweeps }) => sweeps)),
    evals_mean: mean(solves.map(({ evaluations }) => evaluations)),
    error_p50: lawOnly ? null : quantile(errors, 0.5),
    error_p99: lawOnly ? null : quantile(errors, 0.99),
    ms_p50: times(solves.map(({ ms }) => ms)),
    sequential_ms_p50: times(samples.map(({ sequentialMs }) => sequentialMs)),
    unconverged: mean(solves.map(({ sweeps }) => Number(sweeps >= steps))),
    calls: meanCalls(solves.map(({ batches }) => batches)),
    curve: lawOnly || settings.name === "sequential" ? null : curveOf(samples.map(({ path }) => path)),
  };
}

function meanAndTail(values: readonly number[]): MeanAndTail {
  return { mean: mean(values), p90: quantile(values, 0.9) };
}

function curveOf(paths: readonly ErrorPath[]): Curve {
  const longest = Math.max(...paths.map(({ errors }) => errors.length));
  const at = (values: readonly number[], sweep: number) => values[Math.min(sweep, values.length - 1)];
  const sweeps = Array.from({ length: longest }, (_, sweep) => sweep);
  const errors = sweeps.map((sweep) => paths.map((path) => at(path.errors, sweep)));
  return {
    evaluations: sweeps.map((sweep) => Math.round(mean(paths.map((path) => at(path.evaluations, sweep))))),
    error_p50: errors.map((values) => Number(quantile(values, 0.5).toPrecision(3))),
    error_p90: errors.map((values) => Number(quantile(values, 0.9).toPrecision(3))),
  };
}

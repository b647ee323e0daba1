import type { PlayablePushT } from "../../sim/pusht/playable.js";
import type { OnnxNetwork } from "../inference/onnx.js";
import type { Manifest } from "../policy/manifest.js";
import { picard } from "../sampling/solvers/picard.js";
import { SEMILINEAR_TOLERANCE, type SlopeName, semilinear } from "../sampling/solvers/semilinear.js";
import { sequential } from "../sampling/solvers/sequential.js";
import {
  type Iterate,
  largestChange,
  lastIterate,
  type Problem,
  type Solver,
} from "../sampling/solvers/solver.js";
import { mean, quantile } from "../telemetry/statistics.js";
import { policyStates } from "./policy-states.js";

/** Distance from the exact sequential sample that counts as arrived: 1 % of the action range [-1, 1]. */
export const HINDSIGHT_TOLERANCE = 0.02;
/** A traced solve goes on until it is this close to its fixed point: later sweeps cannot leave the tolerance again. */
const TRACED_RESIDUAL = 1e-3;

export interface SamplerRow {
  readonly rule: "ddpm";
  readonly solver: string;
  readonly start: "cold" | "warm";
  /** Steps executed between ticks: of the warm start, or of the loop that made the states. */
  readonly stride: number;
  readonly states: number;
  /** First sweep from which the executed actions stay within {@link HINDSIGHT_TOLERANCE}; over solves that got there. */
  readonly sweeps_to_tolerance: { readonly mean: number; readonly p90: number };
  /** Share of solves that came within the tolerance at all before their own stopping rule ended them. */
  readonly within_tolerance: number;
  readonly sweeps_accepted: { readonly mean: number; readonly p90: number };
  readonly evals_mean: number;
  /** Largest error of the executed actions at acceptance, normalised units. */
  readonly error_p50: number;
  readonly error_p99: number;
  readonly ms_p50: number;
}

interface Trace {
  toTolerance: number | undefined;
  accepted: number;
  evaluations: number;
  error: number;
  ms: number;
}

interface Contender {
  readonly name: string;
  readonly solver: Solver;
  readonly accepts: (iterate: Iterate) => boolean;
}

const byItself = (iterate: Iterate) => iterate.accepted;
const bySemilinearTest = (iterate: Iterate) => iterate.residual <= SEMILINEAR_TOLERANCE;

function traced(slope: SlopeName): Solver {
  return semilinear({ slope, tolerance: TRACED_RESIDUAL });
}

const contenders: readonly Contender[] = [
  { name: "semilinear", solver: traced("secant"), accepts: bySemilinearTest },
  { name: "semilinear:gaussian", solver: traced("gaussian"), accepts: bySemilinearTest },
  { name: "semilinear:x0", solver: traced("x0"), accepts: bySemilinearTest },
  { name: "picard", solver: picard({ window: 20, tolerance: 0.1 }), accepts: byItself },
  { name: "sequential", solver: sequential(), accepts: byItself },
];

/**
 * Measures every solver on states that the policy itself reaches in the world, cold and after each stride of executed
 * steps, against the sequential sample with the same noise.
 *
 * @param options `states`: how many per stride.
 * @param progress called after each state.
 * @throws ConfigurationError when a chunk does not reach as far as a stride.
 */
export async function benchSamplers(
  world: PlayablePushT,
  network: OnnxNetwork,
  manifest: Manifest,
  options: { readonly states: number; readonly strides: readonly number[]; readonly seed: number },
  progress: (done: number, all: number) => void,
): Promise<SamplerRow[]> {
  const { states, strides, seed } = options;
  const from = (manifest.n_obs_steps - 1) * network.shape.dim;
  const to = from + manifest.n_action_steps * network.shape.dim;
  const rows: SamplerRow[] = [];
  for (const [pass, stride] of strides.entries()) {
    const traces = new Map<string, Trace[]>();
    const add = (key: string, one: Trace) => traces.set(key, [...(traces.get(key) ?? []), one]);
    let measured = 0;
    for await (const { cold, warm } of policyStates(world, network, manifest, stride, seed)) {
      const exact = (await lastIterate(sequential(), cold)).chunk.slice();
      for (const { name, solver, accepts } of contenders) {
        // The cold solve does not depend on the stride: one pass measures it.
        if (pass === 0) add(`${name}/cold`, await trace(solver, cold, accepts, exact, from, to));
        if (name !== "sequential") add(`${name}/warm`, await trace(solver, warm, accepts, exact, from, to));
      }
      progress(++measured + pass * states, states * strides.length);
      if (measured === states) break;
    }
    for (const [key, list] of traces) {
      const [solver, start] = key.split("/") as [string, "cold" | "warm"];
      rows.push(summarise(solver, start, stride, list));
    }
  }
  return rows;
}

async function trace(
  solver: Solver,
  problem: Problem,
  accepts: (iterate: Iterate) => boolean,
  exact: Float64Array,
  from: number,
  to: number,
): Promise<Trace> {
  const began = performance.now();
  let result: Omit<Trace, "toTolerance"> | undefined;
  let toTolerance: number | undefined;
  for await (const iterate of solver(problem)) {
    const error = largestChange(iterate.chunk, exact, from, to);
    if (error > HINDSIGHT_TOLERANCE) toTolerance = undefined;
    else toTolerance ??= iterate.sweeps;
    if (!result && accepts(iterate)) {
      const { sweeps: accepted, evaluations } = iterate;
      result = { accepted, evaluations, error, ms: performance.now() - began };
    }
  }
  if (!result) throw new Error("a solver ended without meeting its own stopping rule");
  return { ...result, toTolerance };
}

function summarise(
  solver: string,
  start: "cold" | "warm",
  stride: number,
  traces: readonly Trace[],
): SamplerRow {
  const arrived = traces.flatMap(({ toTolerance }) => toTolerance ?? []);
  const accepted = traces.map((t) => t.accepted);
  const errors = traces.map((t) => t.error);
  return {
    rule: "ddpm",
    solver,
    start,
    stride,
    states: traces.length,
    sweeps_to_tolerance: { mean: mean(arrived), p90: quantile(arrived, 0.9) },
    within_tolerance: arrived.length / traces.length,
    sweeps_accepted: { mean: mean(accepted), p90: quantile(accepted, 0.9) },
    evals_mean: mean(traces.map((t) => t.evaluations)),
    error_p50: quantile(errors, 0.5),
    error_p99: quantile(errors, 0.99),
    ms_p50: quantile(
      traces.map((t) => t.ms),
      0.5,
    ),
  };
}

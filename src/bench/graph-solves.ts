import type { Runtime } from "../inference/runtime.js";
import { createSolver, resolveSolver } from "../inference/settings.js";
import { executedValues } from "../policy/manifest.js";
import { ddpm } from "../sampling/rules/ddpm.js";
import { squaredCosine } from "../sampling/schedule.js";
import { sequential } from "../sampling/solvers/sequential.js";
import { lastIterate, type Solver } from "../sampling/solvers/solver.js";
import { type OpenSweeps, openSweeps } from "../sweep-graph/open.js";
import { mean, quantile } from "../telemetry/statistics.js";
import type { Start } from "./contenders.js";
import { policyTicks } from "./policy-ticks.js";
import { apart, type Bench } from "./samplers.js";
import { type AcceptedSolve, solveOnTheClock } from "./solve-trace.js";

/** How solves end, in our loop around the network or in a graph of so many sweeps a call. */
export interface GraphSolveRow {
  readonly way: "loop" | "graph";
  /** In one call. */
  readonly sweeps: number;
  readonly start: Start;
  readonly states: number;
  readonly sweeps_mean: number;
  readonly sweeps_p90: number;
  /** Largest error of the executed actions at acceptance, normalised units. */
  readonly error_p50: number;
  readonly error_p99: number;
  readonly error_max: number;
  readonly ms_p50: number;
}

export interface GraphSolvePlan {
  readonly sweeps: readonly number[];
  readonly states: number;
  readonly seed: number;
}

interface Way extends Pick<GraphSolveRow, "way" | "sweeps"> {
  readonly solver: Solver;
  readonly graph?: OpenSweeps;
}

/**
 * Holds solves in a graph beside those of the usual solver, on states that the policy itself reaches, cold and from the warm
 * start of its stride: sweeps until accepted, and the error against the sequential sample of the same noise.
 */
export async function benchGraphSolves(
  { bundle, network, openWorld }: Bench,
  runtime: Runtime,
  { sweeps, states, seed }: GraphSolvePlan,
  progress: (what: string) => void,
): Promise<GraphSolveRow[]> {
  const { manifest, calibration } = bundle;
  const rule = ddpm(squaredCosine(manifest.diffusion.levels));
  const settings = resolveSolver({}, calibration !== undefined);
  const ways: Way[] = [{ way: "loop", sweeps: 1, solver: createSolver(settings, calibration?.response) }];
  const solves = new Map<string, AcceptedSolve[]>();
  try {
    for (const count of sweeps) {
      const graph = await openSweeps(bundle, runtime, { rule, sweeps: count });
      ways.push({ way: "graph", sweeps: count, solver: graph.solver, graph });
    }
    const executed = executedValues(manifest);
    const options = { rule, ...(calibration ? { calibration } : {}) };
    let done = 0;
    for await (const tick of apart(
      policyTicks(await openWorld(), network, manifest, manifest.n_action_steps, seed, options),
    )) {
      progress(`state ${done + 1}/${states}`);
      const exact = { chunk: (await lastIterate(sequential(), tick.cold)).chunk.slice(), executed };
      for (const { graph, solver, way, sweeps: perCall } of ways) {
        graph?.session.observe(tick.observation);
        for (const start of ["cold", "warm"] as const) {
          const key = `${way} ${perCall} ${start}`;
          const solve = await solveOnTheClock(solver, tick[start], exact);
          solves.set(key, [...(solves.get(key) ?? []), solve]);
        }
      }
      if (++done === states) break;
    }
  } finally {
    for (const { graph } of ways) await graph?.session.close();
  }
  return ways.flatMap(({ way, sweeps: perCall }) =>
    (["cold", "warm"] as const).map((start) => ({
      way,
      sweeps: perCall,
      start,
      ...summarised(solves.get(`${way} ${perCall} ${start}`) ?? []),
    })),
  );
}

function summarised(solves: readonly AcceptedSolve[]): Omit<GraphSolveRow, "way" | "sweeps" | "start"> {
  const taken = solves.map(({ sweeps }) => sweeps);
  const errors = solves.map(({ error }) => error);
  return {
    states: solves.length,
    sweeps_mean: mean(taken),
    sweeps_p90: quantile(taken, 0.9),
    error_p50: quantile(errors, 0.5),
    error_p99: quantile(errors, 0.99),
    error_max: Math.max(...errors),
    ms_p50: quantile(
      solves.map(({ ms }) => ms),
      0.5,
    ),
  };
}

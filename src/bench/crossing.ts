import { openNetwork } from "../inference/policy-network.js";
import type { Runtime } from "../inference/runtime.js";
import type { Bundle } from "../policy/bundle.js";
import { middleObservation } from "../policy/manifest.js";
import { cleanFromNoise } from "../sampling/denoiser.js";
import { drawNoise, GaussianStream } from "../sampling/noise.js";
import { ddpm } from "../sampling/rules/ddpm.js";
import { squaredCosine } from "../sampling/schedule.js";
import { semilinear } from "../sampling/solvers/semilinear.js";
import type { Problem, Solver } from "../sampling/solvers/solver.js";
import { INPUTS, OUTPUTS } from "../sweep-graph/compose.js";
import { openSweeps, slopesOf } from "../sweep-graph/open.js";
import { quantile } from "../telemetry/statistics.js";
import { type Idle, openIdle, openIdleNetwork } from "./idle-graph.js";

/** One way of running sweeps, and what one sweep takes; milliseconds are medians. */
export interface CrossingRow {
  /** Our loop around a network call per sweep, or whole sweeps in a graph. */
  readonly way: "loop" | "graph";
  /** Sweeps in one call. */
  readonly sweeps: number;
  readonly sweep_ms_p50: number;
  /** Of that, in our process outside onnxruntime. */
  readonly host_ms_p50: number;
  /** A call with inputs and outputs of these sizes that computes nothing. */
  readonly crossing_ms_p50: number;
}

export interface CrossingPlan {
  /** Sweeps in one call of a graph: one graph for each. */
  readonly sweeps: readonly number[];
  readonly rounds: number;
}

interface Turn {
  readonly way: CrossingRow["way"];
  readonly sweeps: number;
  readonly solver: Solver;
  /** Milliseconds that onnxruntime has run so far. */
  readonly ran: () => number;
  readonly idle: Idle;
  readonly close: () => Promise<void>;
}

interface Times {
  readonly sweep: number[];
  readonly host: number[];
  readonly crossing: number[];
}

/**
 * Times sweeps over all steps, in our loop and in graphs, in turns: a machine that is busy for a moment is busy for all of
 * them. All solve the same warm problem with the same slope, for as many sweeps as fill whole calls of every graph.
 *
 * @throws ConfigurationError when the provider cannot run one of them.
 */
export async function benchCrossing(
  bundle: Bundle,
  runtime: Runtime,
  { sweeps, rounds }: CrossingPlan,
  progress: (what: string) => void,
): Promise<CrossingRow[]> {
  const problem = problemOf(bundle);
  const together = sweeps.reduce(leastCommonMultiple, 1);
  const turns: Turn[] = [];
  try {
    progress("loading the network");
    turns.push(await loopTurn(bundle, runtime));
    for (const count of sweeps) {
      progress(`composing ${count} ${count === 1 ? "sweep" : "sweeps"} into a graph`);
      turns.push(await graphTurn(bundle, runtime, problem, count));
    }
    const times = turns.map((): Times => ({ sweep: [], host: [], crossing: [] }));
    for (let round = 0; round < rounds; round++) {
      progress(`round ${round + 1}/${rounds}`);
      for (const [k, turn] of turns.entries()) await takeTurn(turn, problem, together, times[k]);
    }
    return turns.map(({ way, sweeps: perCall }, k) => ({
      way,
      sweeps: perCall,
      sweep_ms_p50: quantile(times[k].sweep, 0.5),
      host_ms_p50: quantile(times[k].host, 0.5),
      crossing_ms_p50: quantile(times[k].crossing, 0.5),
    }));
  } finally {
    for (const { close, idle } of turns) {
      await close();
      await idle.close();
    }
  }
}

/** What ran before must not matter: a first, uncounted run brings this turn's weights back into the caches. */
async function takeTurn(
  { solver, ran, idle }: Turn,
  problem: Problem,
  sweeps: number,
  times: Times,
): Promise<void> {
  await sweepOn(solver, problem, 1);
  const before = ran();
  const began = performance.now();
  await sweepOn(solver, problem, sweeps);
  const took = performance.now() - began;
  times.sweep.push(took / sweeps);
  times.host.push((took - (ran() - before)) / sweeps);
  for (let call = 0; call < 2; call++) await idle.call();
  const crossed = performance.now();
  await idle.call();
  times.crossing.push(performance.now() - crossed);
}

async function sweepOn(solver: Solver, problem: Problem, sweeps: number): Promise<void> {
  for await (const iterate of solver(problem)) if (iterate.sweeps >= sweeps) return;
}

function problemOf({ manifest }: Bundle): Problem {
  const rule = ddpm(squaredCosine(manifest.diffusion.levels));
  const shape = { horizon: manifest.horizon, dim: manifest.action.length };
  const size = shape.horizon * shape.dim;
  const start = new Float64Array(rule.steps * size);
  const denoiser = { shape, predict: () => Promise.reject(new Error("no network is loaded")) };
  return { rule, denoiser, start, noise: drawNoise(rule.steps, size, new GaussianStream(0)) };
}

async function loopTurn(bundle: Bundle, runtime: Runtime): Promise<Turn> {
  const network = await openNetwork(bundle, runtime);
  const { levels, clip } = bundle.manifest.diffusion;
  // The normaliser's middle is 0.
  network.observe(new Float64Array(middleObservation(bundle.manifest).length));
  const denoiser = cleanFromNoise(network, squaredCosine(levels), clip);
  const slopes = slopesOf(bundle, ddpm(squaredCosine(levels)));
  const around =
    slopes instanceof Float64Array
      ? semilinear({ slope: "gaussian", tolerance: 0 })
      : semilinear({ slope: "calibrated", ...slopes, tolerance: 0 });
  return {
    way: "loop",
    sweeps: 1,
    solver: (problem) => around({ ...problem, denoiser }),
    ran: () => network.runMs,
    idle: await openIdleNetwork(bundle.manifest, levels, runtime),
    close: () => network.close(),
  };
}

async function graphTurn(
  bundle: Bundle,
  runtime: Runtime,
  { rule, noise }: Problem,
  sweeps: number,
): Promise<Turn> {
  const { session, solver } = await openSweeps(bundle, runtime, { rule, sweeps, tolerance: 0 });
  const size = noise.initial.length;
  const observation = [1, middleObservation(bundle.manifest).length];
  const inputs = { [INPUTS.base]: [rule.steps + 1, size], [INPUTS.model]: [rule.steps, size], observation };
  const outputs = {
    [OUTPUTS.clean]: [rule.steps, size],
    [OUTPUTS.chunk]: [sweeps, size],
    [OUTPUTS.change]: [sweeps, 2],
  };
  return {
    way: "graph",
    sweeps,
    solver,
    ran: () => session.runMs,
    idle: await openIdle(inputs, outputs, runtime),
    close: () => session.close(),
  };
}

function leastCommonMultiple(a: number, b: number): number {
  let multiple = a;
  while (multiple % b !== 0) multiple += a;
  return multiple;
}

import type { SolverSettings } from "../inference/settings.js";
import { createSolver } from "../inference/settings.js";
import { executedValues } from "../policy/manifest.js";
import { GaussianStream } from "../sampling/noise.js";
import { sequential } from "../sampling/solvers/sequential.js";
import { largestChange, lastIterate, type Problem, type Solver } from "../sampling/solvers/solver.js";
import { mean, quantile } from "../telemetry/statistics.js";
import { policyTicks } from "./policy-ticks.js";
import type { Bench } from "./samplers.js";

/** Tolerance of the solves that are watched: none of the thresholds ends them, and every step that moves is asked again. */
const WATCHED = 1e-9;
/** Sweeps that a solve is watched for; the few that no threshold has accepted by then count as accepted there. */
const SWEEPS = 10;
/** Standard deviation of the disturbance of an observation, in normalised units: 8 px on PushT's board. */
const DISTURBANCE = 0.03;
const THRESHOLDS = [0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.05, 0.1, 0.2, 0.4];
/** An executed action this far off, a tenth of the range, belongs to another plan. */
const FLIPPED = 0.2;

/** Where the warm start comes from: the tick before, the same with a disturbed observation, or another scene. */
export type Scene = "cold" | "warm" | "disturbed" | "jump";

/** One solve, sweep by sweep. */
interface Watched {
  readonly scene: Scene;
  readonly residuals: readonly number[];
  readonly errors: readonly number[];
}

/** What accepting at a threshold of the residual comes to. */
export interface AcceptanceRow {
  readonly scene: Scene | "all";
  readonly threshold: number;
  readonly solves: number;
  readonly sweeps_mean: number;
  readonly error_p50: number;
  readonly error_p99: number;
  readonly error_max: number;
  /** Solves accepted more than 0.05 off, … */
  readonly astray: number;
  /** … and those of them in another plan. */
  readonly flipped: number;
}

export interface AcceptancePlan {
  /** Ticks to solve, each in every scene. */
  readonly ticks: number;
  readonly stride: number;
  readonly seed: number;
}

/**
 * Holds a solver's residual against the true error, on ticks of the policy's own loop and on scenes that it does not
 * expect: what the default tolerance and the safety bound rest on.
 *
 * @throws ConfigurationError when a chunk does not reach as far as the stride.
 */
export async function benchAcceptance(
  { bundle, network, openWorld }: Bench,
  settings: SolverSettings,
  { ticks, stride, seed }: AcceptancePlan,
  progress: (done: number) => void,
): Promise<AcceptanceRow[]> {
  const { manifest, calibration } = bundle;
  const solver = createSolver({ ...settings, tolerance: WATCHED }, calibration?.response);
  const [from, to] = executedValues(manifest);
  const watched: Watched[] = [];
  const add = async (scene: Scene, problem: Problem, exact: Float64Array) =>
    watched.push({ scene, ...(await watch(solver, problem, exact, from, to)) });
  let elsewhere: Float64Array | undefined;
  let done = 0;
  const options = calibration ? { calibration } : {};
  for await (const tick of policyTicks(await openWorld(), network, manifest, stride, seed, options)) {
    const { cold, warm, observation, solved } = tick;
    if (!warm.start) continue;
    const exact = await sample(cold);
    await add("cold", cold, exact);
    await add("warm", warm, exact);
    if (elsewhere) await add("jump", { ...warm, start: elsewhere }, exact);
    elsewhere = done % 7 === 0 ? solved.clean.slice() : elsewhere;
    const random = new GaussianStream(seed, done);
    network.observe(observation.map((value) => value + DISTURBANCE * random.next()));
    await add("disturbed", warm, await sample(cold));
    network.observe(observation);
    progress(++done);
    if (done === ticks) break;
  }
  const scenes: readonly Scene[] = ["cold", "warm", "disturbed", "jump"];
  return [...scenes, "all" as const].flatMap((scene) => {
    const solves = scene === "all" ? watched : watched.filter((one) => one.scene === scene);
    return solves.length > 0 ? THRESHOLDS.map((threshold) => rowOf(scene, threshold, solves)) : [];
  });
}

async function sample(problem: Problem): Promise<Float64Array> {
  return (await lastIterate(sequential(), problem)).chunk.slice();
}

async function watch(
  solver: Solver,
  problem: Problem,
  exact: Float64Array,
  from: number,
  to: number,
): Promise<Omit<Watched, "scene">> {
  const residuals: number[] = [];
  const errors: number[] = [];
  for await (const { residual, chunk, sweeps } of solver(problem)) {
    residuals.push(residual);
    errors.push(largestChange(chunk, exact, from, to));
    if (sweeps === SWEEPS) break;
  }
  return { residuals, errors };
}

function rowOf(scene: AcceptanceRow["scene"], threshold: number, solves: readonly Watched[]): AcceptanceRow {
  const accepted = solves.map(({ residuals, errors }) => {
    const sweep = residuals.findIndex((residual) => residual <= threshold);
    const last = sweep < 0 ? errors.length - 1 : sweep;
    return { sweeps: last + 1, error: errors[last] };
  });
  const errors = accepted.map(({ error }) => error);
  return {
    scene,
    threshold,
    solves: solves.length,
    sweeps_mean: mean(accepted.map(({ sweeps }) => sweeps)),
    error_p50: quantile(errors, 0.5),
    error_p99: quantile(errors, 0.99),
    error_max: Math.max(...errors),
    astray: errors.filter((error) => !(error <= 0.05)).length,
    flipped: errors.filter((error) => !(error <= FLIPPED)).length,
  };
}

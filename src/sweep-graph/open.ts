import { graphAt, graphsFor } from "../inference/graphs.js";
import type { Runtime } from "../inference/runtime.js";
import { rejoined } from "../optimize/rejoined.js";
import type { Bundle } from "../policy/bundle.js";
import type { Rule } from "../sampling/rules/rule.js";
import { gaussianSlope } from "../sampling/solvers/slopes/scalar.js";
import type { Solver } from "../sampling/solvers/solver.js";
import { composeSweeps } from "./compose.js";
import { leading } from "./gains.js";
import { SweepSession } from "./session.js";
import { mostDirections, type Slopes } from "./slopes.js";
import { sweepSolver } from "./solver.js";

/**
 * Smooth ways for each action dimension to change, constant and the first cosines in time. On PushT four need as many sweeps as
 * all sixteen, and two hardly more.
 */
const WAYS = 4;
/** Directions that are probed, as by the solver. */
const PROBES = 10;
/** Standard deviation of normalised actions within one mode, for a policy without a calibration. */
const SPREAD = 0.05;

export interface OpenOptions {
  readonly rule: Rule;
  /** In one call. */
  readonly sweeps: number;
  readonly tolerance?: number;
}

/** A policy's sweeps in one graph. */
export interface OpenSweeps {
  /** To be told the observation, and closed. */
  readonly session: SweepSession;
  readonly solver: Solver;
}

/** The slopes of a policy's sweeps in a graph: its mean response, or those of Gaussian data where nobody has calibrated it. */
export function slopesOf(
  { manifest, calibration }: Pick<Bundle, "manifest" | "calibration">,
  rule: Rule,
): Slopes {
  if (!calibration) return rule.signal.map((signal) => gaussianSlope(signal, SPREAD));
  const { response } = calibration;
  const directions = Math.min(response.rank, WAYS * manifest.action.length, mostDirections(rule));
  return { response: leading(response, directions), probes: PROBES };
}

/**
 * Composes a policy's sweeps from the graph that the provider runs of it, and loads them.
 *
 * @throws ConfigurationError when the graph cannot be composed, or the provider cannot run it.
 */
export async function openSweeps(
  bundle: Bundle,
  runtime: Runtime,
  { rule, sweeps, tolerance }: OpenOptions,
): Promise<OpenSweeps> {
  const { manifest, calibration } = bundle;
  const { bytes, observation } = graphAt(graphsFor(bundle, runtime.provider), rule.steps);
  const network = rejoined(bytes, observation?.bytes);
  const shape = { horizon: manifest.horizon, dim: manifest.action.length };
  const { clip } = manifest.diffusion;
  const slopes = slopesOf(bundle, rule);
  const composed = composeSweeps(network, { rule, shape, clip, sweeps, slopes });
  const session = await SweepSession.load(composed, runtime);
  const options = {
    rule,
    slopes,
    ...(calibration ? { response: calibration.response } : {}),
    ...(tolerance === undefined ? {} : { tolerance }),
  };
  return { session, solver: sweepSolver(session, options) };
}

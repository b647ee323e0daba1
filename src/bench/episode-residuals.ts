import { createRule } from "../inference/rule-settings.js";
import { createSolver, type SolverSettings } from "../inference/settings.js";
import { squaredCosine } from "../sampling/schedule.js";
import { largestChange, type Solver } from "../sampling/solvers/solver.js";
import { policyTicks } from "./policy-ticks.js";
import type { Bench } from "./samplers.js";

/** How one solve settled: `changes[k][i]` is what sweep k changed about the clean prediction of step i. */
export interface TickResiduals {
  /** Control step of the tick. */
  readonly step: number;
  readonly changes: readonly (readonly number[])[];
}

export interface EpisodeResiduals {
  readonly seed: number;
  /** Noise level of each step of the chain. */
  readonly levels: readonly number[];
  readonly ticks: readonly TickResiduals[];
}

/** Lets a solver drive one episode and watches every sweep of it. */
export async function watchEpisode(
  { bundle, network, openWorld }: Bench,
  settings: SolverSettings,
  seed: number,
  progress: (step: number) => void,
): Promise<EpisodeResiduals> {
  const { manifest, calibration } = bundle;
  const rule = createRule(settings.rule, squaredCosine(manifest.diffusion.levels));
  const stride = manifest.n_action_steps;
  let changes: number[][] = [];
  const driver = watched(createSolver(settings, calibration?.response), (sweep) => changes.push(sweep));
  const options = { rule, driver, ...(calibration ? { calibration } : {}) };
  const ticks: TickResiduals[] = [];
  for await (const tick of policyTicks(await openWorld(), network, manifest, stride, seed, options)) {
    if (tick.seed !== seed) break;
    ticks.push({ step: tick.step, changes });
    changes = [];
    progress(tick.step);
  }
  return { seed, levels: Array.from(rule.level), ticks };
}

/** The same solver, reporting the largest change of each step's prediction after every sweep. */
function watched(solver: Solver, report: (changes: number[]) => void): Solver {
  return async function* watch(problem) {
    const { steps } = problem.rule;
    const size = problem.noise.initial.length;
    let before = problem.start?.slice();
    for await (const iterate of solver(problem)) {
      const { clean } = iterate;
      // A cold start had no prediction to change.
      const known = before ?? clean;
      report(Array.from({ length: steps }, (_, i) => largestChange(clean, known, i * size, (i + 1) * size)));
      before = clean.slice();
      yield iterate;
    }
  };
}

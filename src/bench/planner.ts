import { type BatchCurve, costOf, measureBatchCurve } from "../inference/batch-curve.js";
import { largestBatch, settingsFor, weigh } from "../inference/planner.js";
import { createSolver, type SolverSettings } from "../inference/settings.js";
import { solverFigures } from "../inference/solver-figures.js";
import { ddpm } from "../sampling/rules/ddpm.js";
import { squaredCosine } from "../sampling/schedule.js";
import type { Problem, Solver } from "../sampling/solvers/solver.js";
import { mean, quantile } from "../telemetry/statistics.js";
import { policyTicks } from "./policy-ticks.js";
import { apart, type Bench } from "./samplers.js";

export interface PlannerPlan {
  /** Solves of different problems per candidate and stride. */
  readonly states: number;
  /** Of each solve; the median counts. */
  readonly repeats: number;
  readonly strides: readonly number[];
  readonly seed: number;
}

/** One solver that the planner may choose: means over solves. */
export interface PlannerRow {
  readonly stride: number;
  readonly label: string;
  /** What the planner expects. */
  readonly expected_ms: number;
  /** What it would expect of the calls that were made here: what is left of the difference is not the statistics'. */
  readonly expected_of_calls_ms: number;
  readonly measured_ms: number;
  /** Of that, the network's. */
  readonly network_ms: number;
}

export interface PlannerVerdict {
  readonly stride: number;
  readonly chosen: string;
  readonly fastest: string;
  /** How much longer the chosen one takes than the fastest, as a share. */
  readonly gap: number;
}

export interface PlannerBench {
  readonly curve: BatchCurve;
  /** As the planner ranks them. */
  readonly rows: readonly PlannerRow[];
  readonly verdicts: readonly PlannerVerdict[];
}

/**
 * Holds what the planner expects against what solves take, for every solver that it weighs and that is accurate enough,
 * on states that the policy reaches. Solvers take turns, so that a machine that is busy for a while is busy for all of
 * them.
 *
 * @param wanted settings under the name "auto", over all levels of the policy.
 */
export async function benchPlanner(
  { bundle, network, openWorld }: Bench,
  wanted: SolverSettings,
  { states, repeats, strides, seed }: PlannerPlan,
  progress: (what: string) => void,
): Promise<PlannerBench> {
  const { manifest, statistics, calibration } = bundle;
  const rule = ddpm(squaredCosine(manifest.diffusion.levels));
  const figures = solverFigures(manifest, statistics);
  progress("what a call costs by its batch");
  const curve = await measureBatchCurve(
    network,
    largestBatch(figures, { rule: rule.name, steps: rule.steps }),
  );
  const rows: PlannerRow[] = [];
  for (const stride of strides) {
    const situation = { rule: rule.name, steps: rule.steps, stride };
    const runners = weigh(curve, wanted, figures, situation).eligible.map(({ label, ms, row }) => ({
      label,
      expectedMs: ms,
      isWarm: row.start === "warm",
      solver: createSolver(settingsFor(wanted, row), calibration?.response),
      solves: [] as Timed[],
    }));
    const options = { rule, ...(calibration ? { calibration } : {}) };
    const ticks = apart(policyTicks(await openWorld(), network, manifest, stride, seed, options));
    for (let state = 0; state < states; state++) {
      progress(`stride ${stride}, state ${state + 1}/${states}`);
      const tick = await ticks.next();
      if (tick.done) throw new Error("the episodes ended");
      const { cold, warm } = tick.value;
      const timed = runners.map((): Timed[] => []);
      for (let repeat = 0; repeat < repeats; repeat++) {
        for (const [k, { solver, isWarm }] of runners.entries()) {
          timed[k].push(await timeSolve(solver, isWarm ? warm : cold, network));
        }
      }
      for (const [k, { solves }] of runners.entries()) solves.push(middle(timed[k]));
    }
    rows.push(
      ...runners.map(({ label, expectedMs, solves }) => ({
        stride,
        label,
        expected_ms: expectedMs,
        expected_of_calls_ms: mean(
          solves.map(({ batches }) => batches.reduce((sum, batch) => sum + costOf(curve, batch), 0)),
        ),
        measured_ms: mean(solves.map(({ ms }) => ms)),
        network_ms: mean(solves.map(({ networkMs }) => networkMs)),
      })),
    );
  }
  return { curve, rows, verdicts: strides.map((stride) => verdictOn(stride, rows)) };
}

interface Timed {
  readonly ms: number;
  readonly networkMs: number;
  /** Batch size of every sweep. */
  readonly batches: readonly number[];
}

async function timeSolve(
  solver: Solver,
  problem: Problem,
  network: { readonly runMs: number },
): Promise<Timed> {
  const evaluations = [0];
  const ranBefore = network.runMs;
  const began = performance.now();
  for await (const iterate of solver(problem)) {
    evaluations.push(iterate.evaluations);
    if (iterate.accepted) break;
  }
  const ms = performance.now() - began;
  const batches = evaluations.slice(1).map((sum, k) => sum - evaluations[k]);
  return { ms, networkMs: network.runMs - ranBefore, batches };
}

/** Of the same solve, made several times. */
function middle(solves: readonly Timed[]): Timed {
  const ms = quantile(
    solves.map((solve) => solve.ms),
    0.5,
  );
  return solves.find((solve) => solve.ms === ms) ?? solves[0];
}

/** @param rows of all strides, those of each as the planner ranks them: its choice first. */
export function verdictOn(stride: number, rows: readonly PlannerRow[]): PlannerVerdict {
  const ranked = rows.filter((row) => row.stride === stride);
  const [chosen] = ranked;
  const fastest = ranked.reduce((best, row) => (row.measured_ms < best.measured_ms ? row : best));
  return {
    stride,
    chosen: chosen.label,
    fastest: fastest.label,
    gap: chosen.measured_ms / fastest.measured_ms - 1,
  };
}

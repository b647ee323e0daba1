import type { Manifest } from "../policy/manifest.js";
import type { SolverStatistics, StatisticsRow } from "../policy/solver-statistics.js";

/** One solver from one start: what a planner needs of a recorded row. */
export type FigureRow = Omit<StatisticsRow, "states">;

/** What is known about the solvers on a policy, and how. */
export interface SolverFigures {
  readonly rows: readonly FigureRow[];
  /** Ends an explanation: where the rows come from. */
  readonly origin: string;
}

/** The figures recorded with a policy, or general ones when nobody has measured it or the network that it has now. */
export function solverFigures(manifest: Manifest, statistics: SolverStatistics | undefined): SolverFigures {
  const { levels } = manifest.diffusion;
  if (!statistics) {
    return {
      rows: generalRows(levels),
      origin: "from general figures, because the policy has no statistics.json",
    };
  }
  if (statistics.denoiser !== manifest.denoiser.sha256) {
    return {
      rows: generalRows(levels),
      origin: `from general figures, because statistics.json was measured on another network; measure again: ${statistics.command}`,
    };
  }
  return { rows: statistics.rows, origin: "from the policy's statistics.json" };
}

/**
 * For chains of 100 steps. Semilinear: `parapilot bench samplers --states 96` on the shipped PushT policy, sweep k
 * evaluating all steps but the first k - 1. Picard cold: 25 sweeps and 390 evaluations, as published by Shih et al. 2023
 * for Franka Kitchen; warm, and all errors: the same run on PushT.
 */
const GENERAL = [
  { solver: "semilinear", start: "cold", sweeps: 5.64, error_p99: 0.0108 },
  { solver: "semilinear", start: "warm", stride: 8, sweeps: 3.98, error_p99: 0.0222 },
  { solver: "semilinear", start: "warm", stride: 1, sweeps: 3.28, error_p99: 0.0222 },
  { solver: "picard", start: "cold", sweeps: 25, evaluations: 390, error_p99: 0.0007 },
  { solver: "picard", start: "warm", stride: 8, sweeps: 15.78, evaluations: 235, error_p99: 0.004 },
  { solver: "picard", start: "warm", stride: 1, sweeps: 13.68, evaluations: 194, error_p99: 0.026 },
] as const;

/** Errs towards sequential: a shorter chain is taken to need as many sweeps, a longer one more in proportion. */
function generalRows(steps: number): FigureRow[] {
  const longer = Math.max(1, steps / 100);
  return GENERAL.map((row): FigureRow => {
    const { solver, start, error_p99 } = row;
    const options = solver === "picard" ? { window: 20, tolerance: 0.1 } : { slope: "secant" };
    return {
      rule: "ddpm",
      steps,
      solver,
      options,
      start,
      ...("stride" in row ? { stride: row.stride } : {}),
      error_p99,
      calls:
        "evaluations" in row
          ? evenCalls(row.sweeps * longer, Math.min(row.evaluations / row.sweeps, steps))
          : shrinkingCalls(row.sweeps * longer, steps),
    };
  });
}

function shrinkingCalls(sweeps: number, steps: number): Record<string, number> {
  const calls: Record<string, number> = {};
  for (let done = 0; done < Math.min(sweeps, steps); done++) {
    calls[steps - done] = Math.min(1, sweeps - done);
  }
  return calls;
}

/** Of the two whole batch sizes about the mean one, so that both sweeps and evaluations come out. */
function evenCalls(sweeps: number, batch: number): Record<string, number> {
  const low = Math.floor(batch);
  const high = sweeps * (batch - low);
  return high > 0 ? { [low]: sweeps - high, [low + 1]: high } : { [low]: sweeps };
}

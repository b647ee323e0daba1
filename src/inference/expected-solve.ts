import type { Manifest } from "../policy/manifest.js";
import type { SolverStatistics } from "../policy/solver-statistics.js";
import { squaredCosine } from "../sampling/schedule.js";
import { type BatchCurve, costOf } from "./batch-curve.js";
import { expectedMs, plan } from "./planner.js";
import { createRule } from "./rule-settings.js";
import type { SolverSettings } from "./settings.js";
import { solverFigures } from "./solver-figures.js";

/**
 * Mean time of one ordinary solve on a device with this curve, as the planner reckons it: with the solver that is named
 * where its calls are known, with the best accurate one under "auto" and where they are not.
 */
export function expectedSolveMs(
  curve: BatchCurve,
  settings: SolverSettings,
  manifest: Manifest,
  statistics: SolverStatistics | undefined,
): number {
  const { name: rule, steps } = createRule(settings.rule, squaredCosine(manifest.diffusion.levels));
  if (settings.name === "sequential") return steps * costOf(curve, 1);
  const stride = manifest.n_action_steps;
  const figures = solverFigures(manifest, statistics);
  const start = settings.warm ? "warm" : "cold";
  const own = figures.rows.filter(
    (row) =>
      row.solver === settings.name &&
      row.rule === rule &&
      row.steps === steps &&
      row.start === start &&
      (row.stride ?? stride) >= stride,
  );
  if (own.length > 0) return Math.min(...own.map((row) => expectedMs(curve, row)));
  const { tolerance, ...rest } = settings;
  const wanted = settings.name === "auto" ? settings : { ...rest, name: "auto" as const };
  return plan(curve, wanted, figures, { rule, steps, stride }).expectedMs;
}

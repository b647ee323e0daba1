import { z } from "zod";
import { picard } from "../sampling/solvers/picard.js";
import { semilinear } from "../sampling/solvers/semilinear.js";
import { sequential } from "../sampling/solvers/sequential.js";
import type { Solver } from "../sampling/solvers/solver.js";

/** How chunks are solved; every field may stand in a launch file under `solver`. */
export const solverSettingsSchema = z.strictObject({
  name: z.enum(["sequential", "picard", "semilinear", "auto"]).default("semilinear"),
  slope: z.enum(["x0", "gaussian", "secant"]).default("secant").describe("semilinear only"),
  window: z.number().int().min(1).default(20).describe("picard only: steps solved together"),
  tolerance: z
    .number()
    .min(0)
    .optional()
    .describe(
      "semilinear: residual in normalised action units; picard: standard deviations of a step's noise; " +
        "auto: error_p99 in normalised action units that a solver may have (default 0.05)",
    ),
  coupling: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe("how much of the previous tick's noise is kept: 0 = independent ticks, 1 = all"),
  warm: z.boolean().default(true).describe("start from the previous tick's predictions"),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
});

export type SolverSettings = z.infer<typeof solverSettingsSchema>;

export function createSolver({ name, slope, window, tolerance }: SolverSettings): Solver {
  const tolerant = tolerance === undefined ? {} : { tolerance };
  switch (name) {
    case "sequential":
      return sequential();
    case "picard":
      return picard({ window, ...tolerant });
    case "semilinear":
      return semilinear({ slope, ...tolerant });
    case "auto":
      throw new Error("auto is no solver; the planner puts one in its place once the network is loaded");
  }
}

/** One line for a person: which solver runs, and how. */
export function describeSolver({ name, slope, window, tolerance, coupling, warm }: SolverSettings): string {
  if (name === "sequential") return `sequential ddpm, noise coupling ${coupling}`;
  const shape = name === "picard" ? `window ${window}` : `${slope} slope`;
  const stop = tolerance === undefined ? "" : `, tolerance ${tolerance}`;
  return `${name} ddpm, ${shape}${stop}, ${warm ? "warm" : "cold"} start, noise coupling ${coupling}`;
}

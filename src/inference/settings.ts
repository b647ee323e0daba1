import { z } from "zod";
import { ConfigurationError, checked } from "../policy/errors.js";
import type { Response } from "../sampling/response.js";
import { anderson } from "../sampling/solvers/anderson.js";
import { parareal } from "../sampling/solvers/parareal.js";
import { picard } from "../sampling/solvers/picard.js";
import { semilinear } from "../sampling/solvers/semilinear.js";
import { sequential } from "../sampling/solvers/sequential.js";
import type { Solver } from "../sampling/solvers/solver.js";
import { speculative } from "../sampling/solvers/speculative.js";
import { describeRule, ruleSettingsSchema } from "./rule-settings.js";

export const SOLVER_NAMES = [
  "semilinear",
  "picard",
  "anderson",
  "parareal",
  "speculative",
  "sequential",
  "auto",
] as const;

export const SLOPE_NAMES = ["calibrated", "secant", "gaussian", "x0"] as const;

/** How chunks are solved; every field may stand in a launch file under `solver`. */
export const solverSettingsSchema = z
  .strictObject({
    name: z
      .enum(SOLVER_NAMES)
      .default("semilinear")
      .describe("how the chain of denoising steps is solved; auto measures which is fastest here"),
    rule: ruleSettingsSchema.prefault({}),
    slope: z
      .enum(SLOPE_NAMES)
      .optional()
      .describe("semilinear only: calibrated where the policy has a calibration, else secant, unless told"),
    window: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe("picard, anderson, speculative: steps solved together (default 20, all, 20)"),
    memory: z.number().int().min(1).max(5).optional().describe("anderson only: sweeps combined (default 3)"),
    pipelined: z.boolean().default(true).describe("parareal only: overlap its iterations"),
    tolerance: z
      .number()
      .min(0)
      .optional()
      .describe(
        "semilinear, anderson, parareal: residual in normalised action units (semilinear's default: what the policy's " +
          "calibration has measured, else 0.025); picard: standard deviations of a " +
          "step's noise; auto: error_p99 in normalised action units that a solver may have (default 0.05)",
      ),
    coupling: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe("how much of the previous tick's noise is kept: 0 = independent ticks, 1 = all (default)"),
    warm: z.boolean().default(true).describe("start from the previous tick's predictions"),
    seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe("of all noise"),
  })
  .superRefine(({ name, warm, coupling = 0 }, context) => {
    if (name === "speculative" && warm && coupling > 0) {
      context.addIssue({
        code: "custom",
        path: ["coupling"],
        message: "speculative sampling is exact only if a warm start knows nothing of the noise; give 0",
      });
    }
  });

export type SolverSettings = z.infer<typeof solverSettingsSchema>;

/** What may be left out of {@link SolverSettings}. */
export type SolverOptions = z.input<typeof solverSettingsSchema>;

/**
 * Settings with what depends on the policy filled in.
 *
 * @throws ConfigurationError naming each wrong field, or what the policy lacks.
 */
export function resolveSolver(options: SolverOptions, isCalibrated: boolean): SolverSettings {
  const settings = checked(solverSettingsSchema, options);
  if (settings.name !== "semilinear") return settings;
  const { slope = isCalibrated ? "calibrated" : "secant" } = settings;
  if (slope === "calibrated" && !isCalibrated) throw uncalibrated();
  return { ...settings, slope };
}

/** The noise coupling in force: all of it, except where a solver would lose its exactness by it. */
export function couplingOf({ name, coupling }: SolverSettings): number {
  return coupling ?? (name === "speculative" ? 0 : 1);
}

/**
 * The solver that the settings ask for.
 *
 * @param response the policy's calibrated response, if it has one.
 * @throws ConfigurationError when the calibrated slope is wanted of a policy without a calibration.
 */
export function createSolver(settings: SolverSettings, response?: Response): Solver {
  const { name, slope = response ? "calibrated" : "secant", window, memory, pipelined, tolerance } = settings;
  const tolerant = tolerance === undefined ? {} : { tolerance };
  const windowed = window === undefined ? {} : { window };
  switch (name) {
    case "sequential":
      return sequential();
    case "picard":
      return picard({ ...windowed, ...tolerant });
    case "anderson":
      return anderson({ ...windowed, ...tolerant, ...(memory === undefined ? {} : { memory }) });
    case "parareal":
      return parareal({ ...tolerant, pipelined });
    case "speculative":
      return speculative(windowed);
    case "semilinear":
      if (slope === "calibrated" && !response) throw uncalibrated();
      return semilinear({ slope, ...tolerant, ...(response ? { response } : {}) });
    case "auto":
      throw new Error("auto is no solver; the planner puts one in its place once the network is loaded");
  }
}

function uncalibrated(): ConfigurationError {
  return new ConfigurationError(
    "the policy has no calibration, which the calibrated slope needs; run parapilot calibrate, or take the secant slope",
  );
}

/** One line for a person: which solver runs, and how. */
export function describeSolver(settings: SolverSettings): string {
  const { name, rule, slope, window, memory, tolerance, warm } = settings;
  const options = Object.entries({ slope, window, memory, tolerance })
    .filter(([, value]) => value !== undefined)
    .map(([option, value]) => `, ${option} ${value}`);
  const start = name === "sequential" ? "" : `, ${warm ? "warm" : "cold"} start`;
  return `${name} (${describeRule(rule)})${options.join("")}${start}, noise coupling ${couplingOf(settings)}`;
}

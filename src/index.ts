export { type Observation, Pilot, type View } from "./control/pilot.js";
export { type HostOptions, InferenceHost } from "./inference/host.js";
export type { Plan } from "./inference/planner.js";
export {
  type FailedTick,
  isSolved,
  type SolvedTick,
  type TickRequest,
  type TickResult,
} from "./inference/tick-solver.js";
export { type Bundle, loadBundle } from "./policy/bundle.js";
export { ConfigurationError } from "./policy/errors.js";
export type { Manifest } from "./policy/manifest.js";
export { gaussianMixture, type Mode } from "./sampling/analytic.js";
export { type ChunkShape, cleanFromNoise, type Denoiser, type NoiseNetwork } from "./sampling/denoiser.js";
export { type GridOptions, levelGrid } from "./sampling/grid.js";
export { type ChunkNoise, drawNoise, GaussianStream } from "./sampling/noise.js";
export { type DdimOptions, ddim } from "./sampling/rules/ddim.js";
export { ddpm } from "./sampling/rules/ddpm.js";
export { type DpmSolverOptions, dpmSolver } from "./sampling/rules/dpm-solver.js";
export type { Rule } from "./sampling/rules/rule.js";
export { type NoiseSchedule, squaredCosine } from "./sampling/schedule.js";
export { type AndersonOptions, anderson } from "./sampling/solvers/anderson.js";
export { type PararealOptions, parareal } from "./sampling/solvers/parareal.js";
export { type PicardOptions, picard } from "./sampling/solvers/picard.js";
export { type SemilinearOptions, type SlopeName, semilinear } from "./sampling/solvers/semilinear.js";
export { sequential } from "./sampling/solvers/sequential.js";
export type { Iterate, Problem, Solver } from "./sampling/solvers/solver.js";
export { type SpeculativeOptions, speculative } from "./sampling/solvers/speculative.js";
export { type Carried, type Start, warmStart } from "./sampling/warm-start.js";

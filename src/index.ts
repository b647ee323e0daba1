export { type BudgetSettings, type Budgets, budgetsSchema, resolveBudgets } from "./control/budgets.js";
export { ControlLoop } from "./control/loop.js";
export type { Act, LoopEffects, LoopSettings, Order, Seen } from "./control/loop-effects.js";
export { ControlNode, type NodeOptions } from "./control/node.js";
export { Pilot } from "./control/pilot.js";
export {
  type PlanSettings,
  type PlanSettingsInput,
  planSettingsSchema,
  resolvePlanSettings,
} from "./control/plan-settings.js";
export type { Observation, View } from "./control/sightings.js";
export type { Faults, WireFaults } from "./faults/faults.js";
export { type FaultyClient, faultyClient } from "./faults/faulty-client.js";
export { parseFaults } from "./faults/parse-faults.js";
export { type HostOptions, InferenceHost, type WorkerChange } from "./inference/host.js";
export type { Inference } from "./inference/inference.js";
export type { Plan } from "./inference/planner.js";
export type { ProviderName, Runtime, WantedRuntime } from "./inference/runtime.js";
export type { SolverOptions, SolverSettings } from "./inference/settings.js";
export {
  type Candidate,
  type FailedTick,
  isSolved,
  type Solve,
  type SolvedTick,
  type SolveTimings,
  type TickRequest,
  type TickResult,
} from "./inference/tick.js";
export { SAFE_RESIDUAL } from "./inference/tick-solver.js";
export type { WorkerFaults } from "./inference/worker-faults.js";
export { type Launch, loadLaunch } from "./launch/launch.js";
export { type Bundle, type GraphFile, loadBundle, type OptimizedGraph } from "./policy/bundle.js";
export { ConfigurationError } from "./policy/errors.js";
export type { Manifest } from "./policy/manifest.js";
export { Profile, type ProfileSettings } from "./profile/profile.js";
export { renderProfile } from "./profile/profile-report.js";
export type { ProfileResult } from "./profile/profile-result.js";
export { recordingHeader } from "./recording/mcap-header.js";
export { Recorder, type RecorderFigures } from "./recording/recorder.js";
export { type RecordedEvent, Recording, type RecordingHeader } from "./recording/recording.js";
export { recordedSettings } from "./replay/recorded-settings.js";
export { type Difference, type Rehearsal, rehearse } from "./replay/rehearse.js";
export { LocalResolver } from "./replay/resolver.js";
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
export type { LoopEvent, Rung, TickRecord } from "./telemetry/loop-event.js";
export type { Clock } from "./time/clock.js";
export { MonotonicClock } from "./time/monotonic-clock.js";
export { SimulatedClock } from "./time/simulated-clock.js";
export { type MemoryTransport, memoryTransport } from "./transport/memory.js";
export type {
  ActionMessage,
  ClientMessage,
  NodeMessage,
  ObservationMessage,
  PolicyMessage,
  RefusedMessage,
} from "./transport/message.js";
export { type ClientTransport, type NodeTransport, TransportError } from "./transport/transport.js";
export { bindZeromqNode, connectZeromqClient } from "./transport/zeromq.js";
export { ViewServer } from "./view/server.js";

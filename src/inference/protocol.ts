import type { OptimizedGraph } from "../policy/bundle.js";
import type { Calibration } from "../policy/calibration.js";
import type { Manifest } from "../policy/manifest.js";
import type { SolverStatistics } from "../policy/solver-statistics.js";
import type { Plan } from "./planner.js";
import type { Runtime } from "./runtime.js";
import type { SolverSettings } from "./settings.js";
import type { SolveTimings, TickRequest, TickResult } from "./tick.js";
import type { WorkerFaults } from "./worker-faults.js";

/** What the worker is started with. */
export interface WorkerStart {
  readonly manifest: Manifest;
  readonly network: Uint8Array;
  readonly optimized: readonly OptimizedGraph[];
  readonly statistics: SolverStatistics | undefined;
  readonly calibration: Calibration | undefined;
  readonly runtime: Runtime;
  readonly settings: SolverSettings;
  /** Most problems that are solved together. */
  readonly together: number;
  readonly faults?: WorkerFaults;
  /** Of the gate that its calls go through. */
  readonly gate: SharedArrayBuffer;
}

/** A solve as main asks for it. */
export interface AskedSolve {
  /** Counts the solves that main has asked of this worker and those before it. */
  readonly id: number;
  readonly request: TickRequest;
  /** Of the solve's cell. */
  readonly shared: SharedArrayBuffer;
  /** Monotonic ms. */
  readonly sentAt: number;
}

export type ToWorker =
  /** Of different sessions, if there are several: they are solved together. */
  | { readonly kind: "solve"; readonly solves: readonly AskedSolve[] }
  | { readonly kind: "adjust"; readonly settings: SolverSettings }
  | { readonly kind: "forget"; readonly session: string }
  | { readonly kind: "close" };

/** Sent once, when the worker has warmed up. */
export interface Readiness {
  readonly kind: "ready";
  /** Of the warm-up solve. */
  readonly warmup: SolveTimings;
  /** What "auto" came to; absent when a solver was named. */
  readonly plan?: Plan;
}

export type FromWorker =
  | Readiness
  | { readonly kind: "unusable"; readonly message: string }
  | { readonly kind: "solved"; readonly id: number; readonly result: TickResult; readonly sentAt: number }
  | { readonly kind: "failed"; readonly id: number; readonly message: string }
  /** It will answer nothing more, and ends when it can. */
  | { readonly kind: "lost"; readonly message: string };

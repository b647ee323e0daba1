import type { Calibration } from "../policy/calibration.js";
import type { Manifest } from "../policy/manifest.js";
import type { SolverStatistics } from "../policy/solver-statistics.js";
import type { Plan } from "./planner.js";
import type { Runtime } from "./runtime.js";
import type { SolverSettings } from "./settings.js";
import type { TickRequest, TickResult } from "./tick-solver.js";

/** What the worker is started with. */
export interface WorkerStart {
  readonly manifest: Manifest;
  readonly network: Uint8Array;
  readonly statistics: SolverStatistics | undefined;
  readonly calibration: Calibration | undefined;
  readonly runtime: Runtime;
  readonly settings: SolverSettings;
  /** Int32[1]: the newest request that main wants ended; written by main, polled between sweeps. */
  readonly stop: SharedArrayBuffer;
}

export type ToWorker =
  | { readonly kind: "solve"; readonly id: number; readonly request: TickRequest }
  | { readonly kind: "forget"; readonly session: string }
  | { readonly kind: "close" };

export type FromWorker =
  | {
      readonly kind: "ready";
      readonly warmupMs: number;
      /** What "auto" came to; absent when a solver was named. */
      readonly plan?: Plan;
    }
  | { readonly kind: "unusable"; readonly message: string }
  | { readonly kind: "solved"; readonly id: number; readonly result: TickResult }
  | { readonly kind: "failed"; readonly id: number; readonly message: string };

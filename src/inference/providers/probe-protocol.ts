import type { SolverStatistics } from "../../policy/solver-statistics.js";
import type { BatchCurve } from "../batch-curve.js";
import type { NetworkFiles } from "../graphs.js";
import type { Runtime } from "../runtime.js";
import type { SolverSettings } from "../settings.js";

/** What the process that tries a provider is asked. */
export interface ProbeRequest {
  readonly runtime: Runtime;
  /** Also run this network, and compare its answers with the CPU's. */
  readonly policy?: NetworkFiles;
  /** Also measure what its calls cost. */
  readonly measure?: {
    readonly solver: SolverSettings;
    readonly statistics: SolverStatistics | undefined;
    /** Not when one call alone takes longer than this. */
    readonly atMostMs: number;
  };
}

export type ProbeReport =
  /** Of the embedded model, as {@link probeAnswer} gives it. */
  | { readonly kind: "answer"; readonly values: readonly number[] }
  /** Of the policy's network: largest difference to the CPU's answer, in its largest number. */
  | { readonly kind: "network"; readonly difference: number }
  | { readonly kind: "costs"; readonly curve: BatchCurve; readonly expectedMs: number }
  /** One call of one row. */
  | { readonly kind: "slow"; readonly callMs: number }
  | { readonly kind: "failed"; readonly message: string };

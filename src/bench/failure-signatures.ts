import type { PairedDifference } from "./score.js";

/** What failure is read from; a row of the samplers has it all. */
export interface Figures {
  readonly solver: string;
  /** Sequential evaluations, and the bound on sweeps. */
  readonly steps: number;
  readonly evals_mean: number;
  /** Share of solves that did not converge within that many sweeps. */
  readonly unconverged: number;
  /** Absent where time says nothing, as with a denoiser that is a formula. */
  readonly ms_p50?: number;
  readonly sequential_ms_p50?: number;
  readonly score?: { readonly difference?: PairedDifference };
}

/** Sequential sampling cannot lose to itself; parallel sampling is known to lose in these three ways. */
export function failureSignatures(row: Figures): string[] {
  if (row.solver === "sequential") return [];
  const { steps, evals_mean, unconverged, ms_p50, sequential_ms_p50, score } = row;
  const signatures: string[] = [];
  if (ms_p50 !== undefined && sequential_ms_p50 !== undefined) {
    if (evals_mean > 2 * steps && ms_p50 >= sequential_ms_p50) {
      signatures.push(
        `${(evals_mean / steps).toFixed(1)} times the sequential evaluations for no gain in time ` +
          `(${ms_p50.toFixed(0)} ms against ${sequential_ms_p50.toFixed(0)} ms)`,
      );
    }
  }
  if (unconverged > 0) {
    signatures.push(
      `no convergence within the ${steps} calls of sequential sampling in ${Number((100 * unconverged).toPrecision(2))} % of the solves`,
    );
  }
  const difference = score?.difference;
  if (difference && difference.mean < -2 * difference.standard_error) {
    signatures.push(
      `a drop in score of ${(-difference.mean).toFixed(3)} ± ${difference.standard_error.toFixed(3)}`,
    );
  }
  return signatures;
}

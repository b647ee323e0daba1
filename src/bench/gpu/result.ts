import type { BatchCurve } from "../../inference/batch-curve.js";
import type { Runtime } from "../../inference/runtime.js";
import type { Start } from "../contenders.js";
import type { CrossingRow } from "../crossing.js";
import type { CallParts } from "./call-parts.js";
import type { DeviceRates } from "./device-rates.js";
import type { SweepFloor } from "./floor.js";
import type { PeerGreeting } from "./peer.js";
import type { Timing } from "./timing.js";

/** What `parapilot bench gpu --json` prints: everything in milliseconds, bytes and operations. */
export interface GpuBench {
  readonly format: "parapilot-bench-gpu/1";
  readonly provider: Runtime["provider"];
  readonly threads: number;
  readonly onnxruntime: string;
  /** As the provider or its driver names it. */
  readonly device: string | null;
  /** Why these times say nothing about a GPU; null where they do. */
  readonly not_a_measurement: string | null;
  readonly rates: DeviceRates | null;
  readonly networks: readonly NetworkResult[];
  /** What was going on when this was written; null at the end. */
  readonly unfinished: string | null;
}

export interface NetworkResult {
  readonly policy: string;
  readonly sha256: string;
  readonly weights: "trained" | "random";
  /** Which of the policy's graphs this provider ran. */
  readonly graphs: "original" | "optimized" | "optimized, float16";
  readonly network: string;
  /** Why nothing could be measured. */
  readonly failure: string | null;
  readonly curve: BatchCurve;
  readonly parts: readonly CallParts[];
  readonly floors: readonly SweepFloor[];
  /** All steps of the chain swept, in our loop around a call and within one. */
  readonly sweeps: { readonly failure: string | null; readonly rows: readonly CrossingRow[] } | null;
  readonly rows: readonly GpuRow[];
  readonly peer: PeerResult | null;
}

/** One sampler from one start: milliseconds of a chunk. */
export interface GpuRow {
  readonly name: string;
  readonly start: Start;
  readonly stride: number | null;
  /** Whole solves; null for random weights, whose solves would mean nothing. */
  readonly solve: Timing | null;
  /** The network calls of the same solves, replayed alone. */
  readonly calls: Timing;
  /** Replayed calls over those in the solves: 1 if a replay is worth a solve. */
  readonly agreement: number | null;
  /** Of a solve, beside its network calls. */
  readonly own_ms: number | null;
  /** What a chunk costs: the solve, or the replayed calls and the own time of the trained policy's solves. */
  readonly ms: Timing;
  readonly sweeps: number;
  readonly evaluations: number;
  /** Whose solves the batch sizes are. */
  readonly sweeps_from: string;
  readonly error_p50: number | null;
  readonly error_p99: number | null;
  readonly cpu_error_p99: number | null;
}

export interface PeerResult {
  /** Why there is none. */
  readonly failure: string | null;
  readonly greeting: PeerGreeting | null;
  /** Of PyTorch's answers from onnxruntime's on this provider, by layout. */
  readonly differences: Readonly<Record<string, number>> | null;
  readonly rates: Readonly<Record<string, number>> | null;
  readonly rows: readonly PeerRow[];
  /** Milliseconds of one network call, by variant and batch. */
  readonly calls: readonly { readonly variant: string; readonly batch: number; readonly ms: number }[];
}

export interface PeerRow {
  readonly variant: string;
  readonly rule: "ddpm" | "ddim";
  readonly steps: number;
  /** Null where it failed. */
  readonly ms: Timing | null;
  readonly failure: string | null;
}

import type { Rung, TickRecord } from "../telemetry/loop-event.js";
import type { Spread } from "./histogram.js";
import type { EventLoopDelay } from "./pause-watch.js";

/** Why an action went out when it did, in words, by the trigger of its tick. */
export const OVERHEAD_CAUSES: Readonly<Record<TickRecord["trigger"], string>> = {
  observation: "from the plan in hand",
  solve: "after a solve",
  deadline: "at a deadline",
  clock: "by the clock",
};

/** What a profile came to: the object that `parapilot profile --json` prints. Warm-up is in none of its statistics. */
export interface ProfileResult {
  /** Actions that went out after warm-up. */
  readonly ticks: number;
  readonly warmup_ticks: number;
  /** The control period. */
  readonly tick_ms: number;
  /** Control steps between an episode's first and last for which no action went out; warm-up included. */
  readonly silent_ticks: number;
  readonly missed: number;
  /** Actions that break a safety rule, by a check independent of the loop; warm-up included. */
  readonly unsafe_actions: number;
  /** The first of them, in words. */
  readonly unsafe: readonly string[];
  readonly ladder: Readonly<Record<Rung, number>>;
  /** Everything that is neither the network nor a wait that the budgets ask for. */
  readonly overhead_us: Spread;
  /** The same by what the action had waited for: {@link OVERHEAD_CAUSES}; what never was is not there. */
  readonly overhead_by_cause_us: Readonly<Partial<Record<TickRecord["trigger"], Spread>>>;
  readonly overhead_share: { readonly p50: number; readonly p99: number };
  /** From the observation's stamp to the action's being out, ticks that a stall swallowed included. */
  readonly end_to_end_ms: Spread;
  /** Of the ticks that happened, alone. */
  readonly end_to_end_uncorrected_ms: Spread;
  readonly omitted_ticks: number;
  /** A world in lock-step waits for its action: there is nothing to correct. */
  readonly pace: "lock-step" | "paced" | "both" | "none";
  /** How late the clock's alarms were taken up. */
  readonly alarm_late_us: Spread;
  /** By stage, in milliseconds; `sweep 1`, `sweep 2` … and `network` are parts of `solve`. */
  readonly stages: Readonly<Record<string, Spread>>;
  /** Missed ticks by what took the time: a stage, `alarm`, `gc`, `worker`, or `observation`, which did not come. */
  readonly culprits: Readonly<Record<string, number>>;
  /** The slowest ticks, slowest first. */
  readonly worst: readonly SlowTick[];
  readonly refused: Readonly<Record<string, number>>;
  readonly workers_lost: number;
  readonly gc: { readonly count: number; readonly total_ms: number; readonly max_ms: number };
  readonly event_loop: EventLoopDelay | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly score: number | null;
}

/** One tick with all that is known of it. */
export interface SlowTick {
  /** Counts the ticks after warm-up from 0. */
  readonly tick: number;
  readonly robot: string;
  readonly episode: number;
  readonly step: number;
  readonly rung: Rung;
  readonly missed: boolean;
  readonly culprit: string | null;
  readonly end_to_end_ms: number;
  /** Milliseconds by stage; those of a missed solve are from when it did end. */
  readonly stages: Readonly<Record<string, number>>;
}

/** What the profiled command knows besides. */
export interface ProfileContext {
  readonly score: number | null;
  /** For a reader, already formatted. */
  readonly settings: Readonly<Record<string, string>>;
  readonly eventLoop: EventLoopDelay | null;
}

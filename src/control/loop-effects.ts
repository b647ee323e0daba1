import type { Candidate, SolveTimings, TickRequest } from "../inference/tick.js";
import type { Manifest } from "../policy/manifest.js";
import type { PlanFigures, TickRecord } from "../telemetry/loop-event.js";
import type { ObservationMessage, RefusalReason } from "../transport/message.js";
import type { Budgets } from "./budgets.js";
import type { Commands } from "./command-track.js";
import type { PlanSettings } from "./plan-settings.js";
import type { Observation } from "./sightings.js";

/** One observation as it came in. */
export interface Seen extends Pick<ObservationMessage, "id" | "stamp" | "episode" | "step" | "reply"> {
  /** How old it was when it was sent, as the robot says, ms. */
  readonly statedAgeMs: number;
  /** When its bytes arrived. */
  readonly receivedAt: number;
  readonly observation: Observation;
}

/** A chunk to be solved. */
export interface Order {
  readonly order: number;
  readonly step: number;
  /** Solved ahead on a predicted observation: a start for the real one, never executed. */
  readonly isPredicted: boolean;
  readonly request: TickRequest;
}

/** The action of one control step. */
export interface Act
  extends Pick<
    TickRecord,
    "episode" | "step" | "id" | "trigger" | "rung" | "reason" | "missed" | "action" | "ahead"
  > {
  /** This step's commands at the higher rate; absent at one per step. */
  readonly commands?: Commands;
  readonly plan?: PlanFigures;
  /** Of the chunk's solve, in the step that uses it first. */
  readonly timings?: SolveTimings;
  /** When its observation was acquired, as far as it can be told; when the alarm was due, if there is none. */
  readonly since: number;
}

/** What the loop asks of the world around it. None of it may block or throw. */
export interface LoopEffects {
  act(act: Act): void;
  refuse(id: number, stamp: number, reason: RefusalReason, message: string): void;
  /** Have this solved; its end comes to {@link ControlLoop.solved}, unless it was stopped. */
  order(order: Order): void;
  /** The newest iterate of the order under way. */
  candidate(order: number): Candidate | undefined;
  /** End the order under way. */
  stop(order: number): void;
  /** Ring {@link ControlLoop.alarm} at this moment and no other; Infinity: not at all. */
  wake(at: number): void;
  /** An episode has begun. */
  begin(episode: number): void;
  /** The observation is in the history: its age on arrival, and [O] its values, which the next one overwrites. */
  admitted(ageMs: number, frame: Float64Array): void;
}

export interface LoopSettings {
  readonly manifest: Manifest;
  readonly session: string;
  readonly budgets: Budgets;
  readonly plan: PlanSettings;
  /** A cut-short chunk is executed only below this residual. */
  readonly safeResidual: number;
}

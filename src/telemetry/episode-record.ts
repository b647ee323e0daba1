import type { Rung } from "./loop-event.js";

/** A control step of an episode with news, as the robot's side saw it: a new chunk, or a missed one. */
export interface TickSample {
  readonly step: number;
  /** How the chunk's solve ended, `accepted` or `budget`; without a new chunk, the rung that the action came from. */
  readonly outcome: string;
  readonly sweeps: number;
  readonly evaluations: number;
  /** Normalised action units; absent without a new chunk. */
  readonly residual?: number;
  readonly solveMs: number;
  /** From sending the observation to holding its action. */
  readonly roundTripMs: number;
  /** A solve was due by this step and did not make it. */
  readonly missed: boolean;
}

/** Whether the step brought a new chunk. */
export function isAnswered(tick: TickSample): boolean {
  return tick.outcome === "accepted" || tick.outcome === "budget";
}

/** Something that a person wants to know of when reading about an episode. */
export interface Incident {
  readonly step: number;
  readonly what: string;
}

/** What happened in one episode. */
export interface EpisodeRecord {
  readonly episode: number;
  readonly seed: number;
  /** Largest reward of the episode. */
  readonly score: number;
  readonly success: boolean;
  /** The world ended it: it was not cut off. */
  readonly finished: boolean;
  /** How far the task was, 0 to 1, where 1 is success: one value per control step. */
  readonly progress: readonly number[];
  /** What was executed: one action per control step. */
  readonly actions: readonly (readonly number[])[];
  readonly ticks: readonly TickSample[];
  /** From showing an observation to holding the action of its step, ms; one per control step that had one. */
  readonly roundTripsMs: readonly number[];
  /** Actions by where they came from. */
  readonly rungs: Readonly<Record<Rung, number>>;
  readonly deadlineMisses: number;
  /** Control steps whose action did not come in time, or at all. */
  readonly silentSteps: number;
  /** Control steps in which nothing planned was executed. */
  readonly heldSteps: number;
  /** Steps down and up the ladder with their reasons, silences and recoveries. */
  readonly incidents: readonly Incident[];
}

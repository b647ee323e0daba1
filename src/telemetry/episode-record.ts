/** One chunk request of an episode, as the robot's side saw it. */
export interface TickSample {
  /** Control step of the observation. */
  readonly step: number;
  /** `accepted`, `budget`, or the reason of a refusal. */
  readonly outcome: string;
  readonly sweeps: number;
  readonly evaluations: number;
  /** Normalised action units; absent when refused. */
  readonly residual?: number;
  readonly solveMs: number;
  /** From sending the observation to holding its answer. */
  readonly roundTripMs: number;
  /** The answer came after the plan in hand had ended, so that the robot had to hold. */
  readonly missed: boolean;
}

/** Whether the tick ended in a plan; otherwise `outcome` is the reason of a refusal. */
export function isAnswered(tick: TickSample): boolean {
  return tick.outcome === "accepted" || tick.outcome === "budget";
}

/** What happened in one episode. */
export interface EpisodeRecord {
  readonly episode: number;
  readonly seed: number;
  /** Largest reward of the episode. */
  readonly score: number;
  readonly success: boolean;
  /** One value per control step. */
  readonly coverage: readonly number[];
  readonly ticks: readonly TickSample[];
  readonly deadlineMisses: number;
  /** Control steps on which no planned action was left and the robot held still. */
  readonly heldSteps: number;
}

/** What main asks of the inference worker for one tick. */
export interface TickRequest {
  /** Separates robots: each has its own warm start. */
  readonly session: string;
  /** Episode, and tick within it: with the seed they fix the noise, so that a recorded tick can be solved again. */
  readonly episode: number;
  readonly tick: number;
  /** Steps of the previous tick's plan that were executed since; null forgets it and starts cold. */
  readonly executed: number | null;
  /** [To · O] raw observations, oldest first. */
  readonly observation: Float64Array;
  /**
   * [rows · D] physical actions of the first rows from the newest observation on, which will have been executed before the
   * chunk arrives: the chunk is made to agree with them. Absent or empty: nothing is frozen.
   */
  readonly frozen?: Float64Array;
  /** Ends the solve, unconverged, after so many sweeps, 0 included: how a solve that was cut short is repeated. */
  readonly maxSweeps?: number;
}

/** Where the time of one solve went, in milliseconds. */
export interface SolveTimings {
  /** From the request on main to its being taken up by the worker. */
  readonly queue: number;
  readonly normalise: number;
  /** Noise and start, then all sweeps: the solver with its network. */
  readonly solve: number;
  /** Each sweep with the solver's arithmetic; adds up to `solve` but for the start. */
  readonly sweeps: readonly number[];
  /** Within `solve`: network calls alone. */
  readonly network: number;
  /** Making physical actions of the iterate of every sweep, and publishing it. */
  readonly denormalise: number;
  /** From the worker's having the result to main's having it. */
  readonly deliver: number;
}

/** Of a solve that never began. */
export const NO_TIME: SolveTimings = {
  queue: 0,
  normalise: 0,
  solve: 0,
  sweeps: [],
  network: 0,
  denormalise: 0,
  deliver: 0,
};

/** What is known of any solve, finished or not. */
export interface SolveFigures {
  readonly residual: number;
  readonly sweeps: number;
  readonly evaluations: number;
  readonly timings: SolveTimings;
}

/** A chunk that the solver accepted. */
export interface SolvedTick extends SolveFigures {
  readonly outcome: "accepted";
  /** [rows · D] in physical units, inside the action limits; row 0 belongs to the newest observation. */
  readonly actions: Float32Array;
  /** Entries that had to be clipped to the action limits. */
  readonly clipped: number;
  readonly start: "cold" | "warm";
}

/** Why there is no accepted chunk; not an exception. */
export interface FailedTick extends SolveFigures {
  /** `stopped`: ended on request or at `maxSweeps`, and continued by the session's next tick. */
  readonly outcome: "stopped" | "not-finite" | "worker-failed";
  readonly message: string;
}

export type TickResult = SolvedTick | FailedTick;

/** Whether a tick has a chunk that the solver accepted. */
export function isSolved(tick: TickResult): tick is SolvedTick {
  return tick.outcome === "accepted";
}

/** The chunk as it stood after some sweep of a solve that is still going on. */
export interface Candidate {
  /** As in {@link SolvedTick}; a copy. */
  readonly actions: Float32Array;
  readonly clipped: number;
  readonly start: "cold" | "warm";
  /** Executable only below the safety bound: `SAFE_RESIDUAL`. */
  readonly residual: number;
  readonly sweeps: number;
  readonly evaluations: number;
}

/** A solve under way. */
export interface Solve {
  /** Never rejects. */
  readonly done: Promise<TickResult>;
  /** The newest iterate, even while the network is running; undefined before the first sweep is done. */
  candidate(): Candidate | undefined;
  /** Asks the worker to end it at its next sweep; `done` then settles with outcome "stopped", unless it was accepted. */
  stop(): void;
}

import type { SolverSettings } from "../inference/settings.js";
import type { Candidate, SolveTimings, TickRequest, TickResult } from "../inference/tick.js";

/**
 * What happens in a control node, in the order in which it happens: one stream for everything that only watches
 * (recorder, profiler, metrics, live page, log). The inputs of a robot's loop (`observation`, `solve`, `alarm`, `candidate`) are
 * complete, with `halt`, `settings` and the `refused` that carry an observation: fed again in the same order they give the same `tick`s, bit for bit.
 */
export type LoopEvent =
  | PeerEvent
  | EpisodeEvent
  | ObservationEvent
  | OrderEvent
  | SolveEvent
  | AlarmEvent
  | HaltEvent
  | CandidateEvent
  | TickRecord
  | RefusalEvent
  | WorkerEvent
  | SettingsEvent;

interface Happened {
  /** Monotonic milliseconds. */
  readonly at: number;
  /** Name of the robot. */
  readonly robot: string;
}

export interface PeerEvent extends Happened {
  readonly kind: "joined" | "left";
}

export interface EpisodeEvent extends Happened {
  readonly kind: "episode";
  readonly episode: number;
}

/** An observation that was taken in. */
export interface ObservationEvent extends Happened {
  readonly kind: "observation";
  readonly id: number;
  /** Integer microseconds of the robot's clock. */
  readonly stamp: number;
  /** How old it was when it was sent, as the robot says, ms. */
  readonly statedAgeMs: number;
  readonly episode: number;
  readonly step: number;
  readonly reply: "none" | "once" | "paced";
  /** When its bytes arrived, monotonic milliseconds. */
  readonly receivedAt: number;
  /** Age on arrival, ms: as stated, and by how much longer this message took than the fastest one did. */
  readonly ageMs: number;
  /** [O] keys in the manifest's order. */
  readonly values: Float64Array;
}

/** A chunk was asked of the worker. */
export interface OrderEvent extends Happened {
  readonly kind: "order";
  /** Counts the robot's orders. */
  readonly order: number;
  /** Control step of the newest observation; row 0 of the chunk belongs to it. */
  readonly step: number;
  /** Solved ahead, on a predicted observation: a start for the real one, never executed. */
  readonly isPredicted: boolean;
  readonly request: TickRequest;
}

/** A solve came to its end, in time or not. */
export interface SolveEvent extends Happened {
  readonly kind: "solve";
  readonly order: number;
  readonly result: TickResult;
}

/** The clock rang for the robot's loop. */
export interface AlarmEvent extends Happened {
  readonly kind: "alarm";
  /** When it was to ring. */
  readonly due: number;
}

/** The robot is brought to a controlled stop. */
export interface HaltEvent extends Happened {
  readonly kind: "halt";
  readonly reason: string;
}

/** What the worker had of an order when time was up. */
export interface CandidateEvent extends Happened {
  readonly kind: "candidate";
  readonly order: number;
  readonly candidate: Candidate | undefined;
}

/**
 * Where an action comes from, best first: a chunk that the solver accepted; the iterate at hand when time was up, below
 * the safety bound; the rest of a chunk past the steps it was solved for; the last action again; a controlled stop.
 */
export type Rung = "fresh" | "iterate" | "rest" | "hold" | "stop";

export const RUNGS: readonly Rung[] = ["fresh", "iterate", "rest", "hold", "stop"];

/** The chunk behind an action. */
export interface PlanFigures {
  readonly order: number;
  /** Of the observation that it answers, with its age in ms when the action went out. */
  readonly id: number;
  readonly stamp: number;
  readonly step: number;
  readonly ageMs: number;
  readonly outcome: "accepted" | "budget";
  readonly start: "cold" | "warm";
  readonly residual: number;
  readonly sweeps: number;
  readonly evaluations: number;
  readonly solveMs: number;
}

/** Milliseconds that this tick spent in each stage; those of the solve only in the tick that first uses its chunk. */
export interface TickStages extends Partial<Omit<SolveTimings, "sweeps">> {
  /** From the bytes' arrival to a checked message. */
  readonly receive?: number;
  readonly history?: number;
  readonly sweeps?: readonly number[];
  /** Stitching, ladder and limits. */
  readonly plan: number;
  /** From the decision to the socket's having it. */
  readonly publish: number;
}

/** One action that went out. */
export interface TickRecord extends Happened {
  readonly kind: "tick";
  readonly episode: number;
  readonly step: number;
  /** Of the observation that it answers; null when the clock ticked without one. */
  readonly id: number | null;
  readonly trigger: "observation" | "solve" | "deadline" | "clock";
  readonly rung: Rung;
  /** Why it is not `fresh`; empty when it is. */
  readonly reason: string;
  /** A solve was due by this tick and did not make it; none is before the first chunk of an episode. */
  readonly missed: boolean;
  /** [D]; empty when there is nothing to hold yet, and the robot is to stay as it is. */
  readonly action: Float32Array;
  /** [rows · D] the actions from this step on, as the plan stands; row 0 is `action`. */
  readonly ahead: Float32Array;
  readonly plan?: PlanFigures;
  readonly stages: TickStages;
  /** From the observation's stamp, or the alarm's moment, to the action's being out. */
  readonly endToEndMs: number;
  /** Of that, everything that is neither the network nor a wait that the budgets ask for. */
  readonly overheadMs: number;
}

/** A message was refused. */
export interface RefusalEvent extends Happened {
  readonly kind: "refused";
  readonly id: number | null;
  readonly reason: string;
  readonly message: string;
  /** Of an observation whose values were refused, but that counted: an episode may have begun with it. */
  readonly observation?: Pick<
    ObservationEvent,
    "stamp" | "statedAgeMs" | "episode" | "step" | "reply" | "receivedAt"
  >;
}

/** The inference worker was lost, or a new one is ready. */
export interface WorkerEvent {
  readonly kind: "worker";
  readonly at: number;
  readonly state: "lost" | "ready";
  readonly message: string;
}

/** Budgets or solver were changed while the node runs: these hold for what is ordered from now on. */
export interface SettingsEvent {
  readonly kind: "settings";
  readonly at: number;
  /** Milliseconds; null: off. */
  readonly budgets: {
    readonly tick: number;
    readonly solve: number | null;
    readonly maxObservationAge: number | null;
    readonly hold: number | null;
  };
  readonly solver: SolverSettings;
}

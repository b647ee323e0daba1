/** States of a ROS 2 lifecycle node between its transitions. */
export type LifecycleState = "unconfigured" | "inactive" | "active" | "finalized";

/** How the topics of one observation are doing. */
export interface ObservationHealth {
  /** Of the observation, in the policy's words. */
  readonly name: string;
  readonly topic: string;
  /** 0: given once, never stale. */
  readonly requiredHz: number;
  readonly measuredHz: number;
  /** Messages since the start, refused ones included. */
  readonly count: number;
  /** Of its newest sample, ms of ROS time; undefined before the first. */
  readonly ageMs?: number | undefined;
  /** What is wrong with its messages at present, in words for a person. */
  readonly problem?: string | undefined;
}

/** How one topic of actions is doing. */
export interface ActionHealth {
  readonly topic: string;
  /** Messages since the start. */
  readonly published: number;
  readonly problem?: string | undefined;
}

/** How a node's ends on the graph are doing. */
export interface TransportHealth {
  readonly observations: readonly ObservationHealth[];
  readonly actions: readonly ActionHealth[];
  /** Observations that the loop refused since the start, and why it refused the last of them while that is recent. */
  readonly refused: number;
  readonly refusal?: string | undefined;
  /** The observation for want of which a control step had none. */
  readonly lacking?: string | undefined;
  readonly episode: number;
  /** Control steps of this episode that have begun, those without an observation included. */
  readonly steps: number;
}

/** How `/clock` is doing, under `use_sim_time`. */
export interface ClockHealth {
  /** ROS time, ms. */
  readonly rosMs: number;
  /** Real time since the last message on /clock, ms; undefined before the first. */
  readonly silentMs?: number | undefined;
  /** Times that it was set back since the start. */
  readonly jumpsBack: number;
}

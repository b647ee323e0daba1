import type { Rule } from "../../rules/rule.js";
import type { SweepBatch } from "../sweep-batch.js";

/** What a sweep has learnt, and from what: arrays of [steps · n], row i for step i. */
export interface Sweep {
  readonly first: number;
  /** The first sweep of a cold start, around states that nothing has confirmed. */
  readonly isGuess: boolean;
  /** States that this sweep evaluated. */
  readonly states: Float64Array;
  /** Clean predictions there. */
  readonly clean: Float64Array;
  /** [steps] 1 where the last sweep moved the state by more than can be left alone. */
  readonly unsettled: Uint8Array;
}

/**
 * The assumed slope of the clean prediction in its state, step by step: what a semi-linear sweep replaces the network by
 * around the states that it has evaluated.
 */
export interface Slope {
  /** Appends states that the slope wants evaluated along with a sweep's own. */
  ask(sweep: Sweep, batch: SweepBatch): void;
  /** Learns from the predictions of a sweep; the batch's probes have been evaluated too. */
  learn(sweep: Sweep, batch: SweepBatch): void;
  /**
   * Estimates what the solve will still change, in action units, after a sweep that moved its states by `movement`, in
   * the same units, and met a largest `surprise`.
   */
  remaining(movement: number, surprise: number): number;
  /** Adds slope·`moved` of step i to `out[at …]`. */
  add(i: number, moved: Float64Array, out: Float64Array, at: number): void;
}

/** Makes the slope of one solve. */
export type SlopeFactory = (rule: Rule, size: number) => Slope;

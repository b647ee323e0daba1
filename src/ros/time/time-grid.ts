import { ConfigurationError } from "../../policy/errors.js";
import type { Stamp } from "../stamp.js";
import { type GridKey, Lane, type Sample } from "./lane.js";
import type { StampedSample } from "./sample-buffer.js";
import { StepGrid } from "./step-grid.js";

/** How far below the policy's rate a key may be required and still set the pace: 33.3 Hz is a period of 30 ms. */
const RATE_ROUNDING = 0.01;

const FUTURE_TOLERANCE_MS = 50;

/** Time that is set back by less was corrected (NTP); by more, it is another time. */
const BACK_MS = 50;

export interface TimeGridOptions {
  /** The policy's control period. */
  readonly periodMs: number;
  readonly keys: readonly GridKey[];
  /** Age above which a sample is stale; null: never. Asked for every sample, as it may change at run time. */
  readonly maxAgeMs: () => number | null;
  /** How far ahead of this machine's time a stamp may be. */
  readonly futureToleranceMs?: number;
}

/** The observation of one control step. */
export interface Frame {
  /** Counted from 0 by time: a step whose observation did not come is passed over. */
  readonly step: number;
  /** When it was acquired, ms of ROS time, and exactly. */
  readonly stampMs: number;
  readonly stamp: Stamp;
  /** By key; a value that holds is shared between frames. */
  readonly observation: Readonly<Record<string, Float64Array>>;
}

/** What became of a sample. */
export interface Added {
  /** The control step whose observation it completes. */
  readonly frame?: Frame;
  /** Why it was refused, in words for a person. */
  readonly problem?: string;
  /** ROS time was set back by so many ms, so that the grid began anew. */
  readonly wentBackMs?: number;
}

const NOTHING: Added = {};

/**
 * Puts stamped samples of different rates onto the policy's control steps. An observation is acquired at the newest
 * instant at which all keys are known: the smallest of the newest stamps of the keys that set the pace. Every key gives
 * its nearest sample at or before that instant. It has no clock: all it knows of time is what it is told.
 *
 * @example
 * const grid = new TimeGrid({
 *   periodMs: 100,
 *   keys: [{ name: "position", rateHz: 100 }, { name: "goal", rateHz: 0 }],
 *   maxAgeMs: () => 500,
 * });
 * const { frame, problem } = grid.add("position", { stamp, arrivedMs: now, values }, now);
 */
export class TimeGrid {
  readonly #options: TimeGridOptions;
  readonly #toleranceMs: number;
  readonly #lanes: ReadonlyMap<string, Lane>;
  readonly #steps: StepGrid;
  #nowMs = Number.NEGATIVE_INFINITY;
  /** Acquisition of the newest observation, whether or not a step took it. */
  #instantMs = Number.NEGATIVE_INFINITY;
  #lacking: string | undefined;

  /** @throws ConfigurationError when no key ever comes again. */
  constructor(options: TimeGridOptions) {
    const { keys, periodMs } = options;
    const fastest = Math.max(...keys.map(({ rateHz }) => rateHz));
    if (!(fastest > 0)) {
      throw new ConfigurationError(
        "ros.observations: every one is given once (rate_hz: 0), so that nothing sets the pace; give the rate of one at least",
      );
    }
    const pace = Math.min(1000 / periodMs, fastest) * (1 - RATE_ROUNDING);
    this.#options = options;
    this.#toleranceMs = options.futureToleranceMs ?? FUTURE_TOLERANCE_MS;
    this.#steps = new StepGrid(periodMs);
    this.#lanes = new Map(keys.map((key) => [key.name, new Lane(key, key.rateHz >= pace, periodMs)]));
  }

  /** The last control step that had an observation; -1 before the first. */
  get step(): number {
    return this.#steps.step;
  }

  /** The key without which there was no observation of the last instant, if one was missing. */
  get lacking(): string | undefined {
    return this.#lacking;
  }

  /** Begins anew at step 0; what is given once is kept. */
  clear(): void {
    for (const lane of this.#lanes.values()) lane.clear();
    this.#steps.clear();
    this.#nowMs = Number.NEGATIVE_INFINITY;
    this.#instantMs = Number.NEGATIVE_INFINITY;
    this.#lacking = undefined;
  }

  /** @param nowMs ROS time. */
  add(key: string, sample: Sample, nowMs: number): Added {
    const lane = this.#lane(key);
    const wentBackMs = this.#advance(nowMs);
    const added = this.#take(lane, sample, nowMs);
    return wentBackMs === undefined ? added : { ...added, wentBackMs };
  }

  /** Of a key's newest sample, ms; undefined without one. */
  ageMs(key: string, nowMs: number): number | undefined {
    const { newest } = this.#lane(key);
    return newest && Math.max(0, nowMs - newest.stampMs);
  }

  #lane(key: string): Lane {
    const lane = this.#lanes.get(key);
    if (!lane) throw new Error(`"${key}" is none of the keys ${[...this.#lanes.keys()].join(", ")}`);
    return lane;
  }

  /** By how much time was set back, if it was. */
  #advance(nowMs: number): number | undefined {
    const backMs = this.#nowMs - nowMs;
    if (backMs > BACK_MS) this.clear();
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    return backMs > BACK_MS ? backMs : undefined;
  }

  #take(lane: Lane, sample: Sample, nowMs: number): Added {
    const aheadMs = this.#toleranceMs;
    const problem = lane.untimely(sample, nowMs, { aheadMs, maxAgeMs: this.#options.maxAgeMs() });
    if (problem) return { problem };
    lane.take(sample);
    const newest = this.#newestCommon();
    if (!newest) return NOTHING;
    if (newest.stampMs > this.#instantMs) {
      this.#instantMs = newest.stampMs;
      this.#steps.pass(newest.stampMs);
    }
    const frame = this.#frame(newest, nowMs);
    for (const each of this.#lanes.values()) each.forgetBefore(newest.stampMs);
    return frame ? { frame } : NOTHING;
  }

  /** Of the newest samples of the keys that set the pace, the oldest; undefined until all have come. */
  #newestCommon(): StampedSample | undefined {
    let oldest: StampedSample | undefined;
    for (const { name, setsPace, newest } of this.#lanes.values()) {
      if (!setsPace) continue;
      if (!newest) {
        this.#lacking = name;
        return undefined;
      }
      if (!oldest || newest.stampMs < oldest.stampMs) oldest = newest;
    }
    return oldest;
  }

  #frame({ stampMs, stamp }: StampedSample, nowMs: number): Frame | undefined {
    if (!this.#steps.isDue(stampMs)) return undefined;
    const observation: Record<string, Float64Array> = {};
    const maxAgeMs = this.#options.maxAgeMs();
    for (const lane of this.#lanes.values()) {
      const sample = lane.at(stampMs);
      if (!sample || nowMs - sample.stampMs > lane.allowedMs(maxAgeMs)) {
        this.#lacking = lane.name;
        return undefined;
      }
      observation[lane.name] = sample.values;
    }
    this.#lacking = undefined;
    return { step: this.#steps.take(stampMs), stampMs, stamp, observation };
  }
}

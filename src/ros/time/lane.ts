import { msToStamp, type Stamp, stampToMs } from "../stamp.js";
import { SampleBuffer, type StampedSample } from "./sample-buffer.js";
import { untimely } from "./untimely.js";

/**
 * Share of its period by which a sample may be stamped after an instant and still be one of it: two sensors of one rate
 * never stamp at quite the same moment, and the second would always count as a period old.
 */
const SYNCHRONOUS = 0.05;
/** The same of a message without a stamp, which has its time under way in its arrival. */
const UNSTAMPED = 0.3;

/** One observation of the policy, and how often it is to come. */
export interface GridKey {
  readonly name: string;
  /** At least the policy's rate: it sets the pace; less: its last value holds meanwhile; 0: given once, never stale. */
  readonly rateHz: number;
}

/** What one message said of one key. */
export interface Sample {
  /** Undefined for a message without a stamp: it counts as acquired on its arrival. */
  readonly stamp: Stamp | undefined;
  /** ROS time, ms. */
  readonly arrivedMs: number;
  readonly values: Float64Array;
}

/** The samples of one observation of the policy, as they come and as a {@link TimeGrid} asks for them. */
export class Lane implements GridKey {
  readonly name: string;
  readonly rateHz: number;
  readonly setsPace: boolean;
  readonly #periodMs: number;
  readonly #buffer = new SampleBuffer();

  /** @param stepMs the policy's control period. */
  constructor({ name, rateHz }: GridKey, setsPace: boolean, stepMs: number) {
    this.name = name;
    this.rateHz = rateHz;
    this.setsPace = setsPace;
    this.#periodMs = rateHz > 0 ? Math.min(1000 / rateHz, stepMs) : 0;
  }

  get newest(): StampedSample | undefined {
    return this.#buffer.newest;
  }

  /** Age above which a sample is stale, where an observation may be so old; null: of any age. */
  allowedMs(maxAgeMs: number | null): number {
    if (maxAgeMs === null || this.rateHz === 0) return Number.POSITIVE_INFINITY;
    return this.setsPace ? maxAgeMs : maxAgeMs + 1000 / this.rateHz;
  }

  /** What is wrong with the time of a sample, in words for a person. */
  untimely(
    { stamp, arrivedMs }: Sample,
    nowMs: number,
    { aheadMs, maxAgeMs }: { readonly aheadMs: number; readonly maxAgeMs: number | null },
  ): string | undefined {
    // What is given once is in force whenever that was.
    if (this.rateHz === 0) return undefined;
    const stampMs = stamp ? stampToMs(stamp) : arrivedMs;
    return untimely(stampMs, nowMs, { aheadMs, oldMs: this.allowedMs(maxAgeMs) });
  }

  take({ stamp, arrivedMs, values }: Sample): void {
    if (this.rateHz === 0) this.#buffer.clear();
    this.#buffer.insert({
      stampMs: stamp ? stampToMs(stamp) : arrivedMs,
      stamp: stamp ?? msToStamp(arrivedMs),
      marginMs: (stamp ? SYNCHRONOUS : UNSTAMPED) * this.#periodMs,
      values,
    });
  }

  /** The nearest sample at or before an instant; what is given once, whenever that was. */
  at(ms: number): StampedSample | undefined {
    return this.rateHz === 0 ? this.#buffer.newest : this.#buffer.at(ms);
  }

  /** Drops what no instant from this one on asks for. */
  forgetBefore(ms: number): void {
    if (this.rateHz > 0) this.#buffer.forgetBefore(ms);
  }

  /** Drops all but what is given once. */
  clear(): void {
    if (this.rateHz > 0) this.#buffer.clear();
  }
}

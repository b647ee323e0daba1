import type { Stamp } from "../stamp.js";

/** Numbers that one key's samples hold together at most: 8 MB, so that a stream of images cannot fill the memory. */
const MOST_VALUES = 2 ** 20;
const MOST_SAMPLES = 1024;
const FEWEST_SAMPLES = 4;

/** One observation of the policy at one moment. */
export interface StampedSample {
  readonly stampMs: number;
  readonly stamp: Stamp;
  /** By how much it may be stamped after an instant and still be a sample of it. */
  readonly marginMs: number;
  readonly values: Float64Array;
}

/** The newest samples of one key, in the order of their stamps, whatever the order of their arrival. */
export class SampleBuffer {
  readonly #samples: StampedSample[] = [];

  get newest(): StampedSample | undefined {
    return this.#samples.at(-1);
  }

  /** A second sample with the same stamp replaces the first. */
  insert(sample: StampedSample): void {
    const samples = this.#samples;
    let after = samples.length;
    while (after > 0 && samples[after - 1].stampMs > sample.stampMs) after--;
    if (after > 0 && samples[after - 1].stampMs === sample.stampMs) samples[after - 1] = sample;
    else samples.splice(after, 0, sample);
    const fitting = Math.floor(MOST_VALUES / Math.max(1, sample.values.length));
    const most = Math.min(MOST_SAMPLES, Math.max(FEWEST_SAMPLES, fitting));
    if (samples.length > most) samples.splice(0, samples.length - most);
  }

  /** The nearest sample at or before a moment, its margin aside. */
  at(ms: number): StampedSample | undefined {
    return this.#samples[this.#indexAt(ms)];
  }

  /** Drops what no moment from this one on asks for. */
  forgetBefore(ms: number): void {
    const index = this.#indexAt(ms);
    if (index > 0) this.#samples.splice(0, index);
  }

  clear(): void {
    this.#samples.length = 0;
  }

  #indexAt(ms: number): number {
    let index = this.#samples.length - 1;
    while (index >= 0 && this.#samples[index].stampMs - this.#samples[index].marginMs > ms) index--;
    return index;
  }
}

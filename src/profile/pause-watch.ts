import { monitorEventLoopDelay, PerformanceObserver, performance } from "node:perf_hooks";
import { monotonicMs } from "../time/clock.js";

/** The control thread stood still for so long, from this monotonic millisecond on. */
export interface Pause {
  readonly kind: "gc";
  readonly at: number;
  readonly ms: number;
}

/** How often and how long the thread was paused, in milliseconds. */
export function totalOf(pauses: readonly Pause[]) {
  const figure = (ms: number) => Number(ms.toPrecision(5));
  return {
    count: pauses.length,
    total_ms: figure(pauses.reduce((sum, { ms }) => sum + ms, 0)),
    max_ms: figure(pauses.reduce((longest, { ms }) => Math.max(longest, ms), 0)),
  };
}

/** How late the event loop got to its timers, in milliseconds. */
export interface EventLoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

// Every millisecond would be a load of its own.
const SAMPLE_MS = 10;

/**
 * Watches the thread that it is made on: what the runtime itself takes from the loop.
 *
 * ```ts
 * const pauses = new PauseWatch((pause) => profile.paused(pause));
 * pauses.stop(); // { p50: 0.1, p99: 0.9, max: 12.4 }
 * ```
 */
export class PauseWatch {
  readonly #delay = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  readonly #collections: PerformanceObserver;

  constructor(told: (pause: Pause) => void) {
    const origin = monotonicMs() - performance.now();
    this.#collections = new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) {
        told({ kind: "gc", at: origin + startTime, ms: duration });
      }
    });
    this.#collections.observe({ entryTypes: ["gc"] });
    this.#delay.enable();
  }

  stop(): EventLoopDelay {
    this.#delay.disable();
    this.#collections.disconnect();
    // The monitor measures from one sample to the next.
    const late = (ns: number) =>
      this.#delay.count === 0 ? 0 : Number(Math.max(0, ns / 1e6 - SAMPLE_MS).toPrecision(4));
    const { max } = this.#delay;
    return { p50: late(this.#delay.percentile(50)), p99: late(this.#delay.percentile(99)), max: late(max) };
  }
}

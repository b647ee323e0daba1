import { readdirSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import { garbageCollector } from "./collector.js";
import { WorkerHeaps } from "./worker-heaps.js";

/** What the process holds at one moment; memory in bytes. */
export interface ProcessState {
  /** Objects that this thread can still reach. */
  readonly heap: number;
  /** Objects that the workers can still reach. */
  readonly worker_heaps: number;
  /** What lies outside of this thread's heap and is held by objects in it, buffers above all. */
  readonly external: number;
  /** All of the process. */
  readonly rss: number;
  /** Timers, sockets, pipes, workers' ports and requests that keep the process alive for longer than a turn. */
  readonly handles: number;
  /** Open files, sockets and pipes; 0 where the system does not tell. */
  readonly descriptors: number;
  /** Slowest turn of the event loop since the last look but one per cent, ms. */
  readonly loop_delay_p99: number;
}

const DELAY_RESOLUTION_MS = 10;

/** Looks at what the process holds once its garbage is gone. */
export class ProcessProbe {
  readonly #collect = garbageCollector();
  readonly #delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });

  readonly #workers: WorkerHeaps;

  private constructor(workers: WorkerHeaps) {
    this.#workers = workers;
    this.#delay.enable();
  }

  static async start(): Promise<ProcessProbe> {
    return new ProcessProbe(await WorkerHeaps.open());
  }

  /** Holds the process up for a tenth of a second or two. */
  async look(): Promise<ProcessState> {
    const delay = this.#delay.count === 0 ? 0 : this.#delay.percentile(99) / 1e6 - DELAY_RESOLUTION_MS;
    const worker_heaps = await this.#workers.used();
    this.#collect();
    // Buffers of dead objects are given back by a task of their own, and objects with a finaliser only by the next round.
    await setImmediate();
    this.#collect();
    await setImmediate();
    const { heapUsed, external, rss } = process.memoryUsage();
    const state = {
      heap: heapUsed,
      worker_heaps,
      external,
      rss,
      handles: activeHandles().length,
      descriptors: openDescriptors(),
      loop_delay_p99: Math.max(0, delay),
    };
    this.#delay.reset();
    return state;
  }

  stop(): void {
    this.#delay.disable();
    this.#workers.close();
  }
}

/** Handles and requests by their kind. */
export function handlesByKind(): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const kind of activeHandles().sort()) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}

function activeHandles(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => kind !== "Immediate");
}

function openDescriptors(): number {
  try {
    // Reading the folder opens it.
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return 0;
  }
}

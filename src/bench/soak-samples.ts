import { amountGrowth, countGrowth, type Growth, type GrowthRule, type Series } from "./growth.js";
import type { ProcessState } from "./process-probe.js";

type Quantity = keyof ProcessState;

const QUANTITIES: Readonly<Record<Quantity, string>> = {
  heap: "B",
  worker_heaps: "B",
  external: "B",
  rss: "B",
  handles: "",
  descriptors: "",
  loop_delay_p99: "ms",
};

/** The system's figure has in it what allocators keep for later, and moves by that. */
const AMOUNTS: Partial<Record<Quantity, GrowthRule>> = {
  heap: { share: 0.05, least: 2e6 },
  external: { share: 0.05, least: 2e6 },
  worker_heaps: { share: 0.05, least: 2e6 },
  rss: { share: 0.1, least: 20e6 },
};

/** What the process held in the course of a run. Takes all of its memory at the start: the watch must not grow. */
export class SoakSamples {
  readonly #ticks: Float64Array;
  readonly #values: Readonly<Record<Quantity, Float64Array>>;
  #count = 0;

  constructor(most: number) {
    this.#ticks = new Float64Array(most);
    this.#values = Object.fromEntries(
      Object.keys(QUANTITIES).map((name) => [name, new Float64Array(most)]),
    ) as Record<Quantity, Float64Array>;
  }

  add(tick: number, state: ProcessState): void {
    this.#ticks[this.#count] = tick;
    for (const name of quantities()) this.#values[name][this.#count] = state[name];
    this.#count += 1;
  }

  growth(): Growth[] {
    return quantities().map((name) => {
      const series = this.#series(name);
      if (name === "handles" || name === "descriptors") return countGrowth(series);
      return amountGrowth(series, AMOUNTS[name]);
    });
  }

  /** Every sample, by quantity. */
  toJson(): Record<string, number[]> {
    const columns = quantities().map((name) => [name, [...this.#series(name).values]]);
    return Object.fromEntries([["tick", [...this.#series("heap").ticks]], ...columns]);
  }

  #series(name: Quantity): Series {
    const ticks = Array.from(this.#ticks.subarray(0, this.#count));
    const values = Array.from(this.#values[name].subarray(0, this.#count));
    return { name, unit: QUANTITIES[name], ticks, values };
  }
}

function quantities(): Quantity[] {
  return Object.keys(QUANTITIES) as Quantity[];
}

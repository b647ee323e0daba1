import type { SolveTimings } from "../inference/tick.js";
import type { TickStages } from "../telemetry/loop-event.js";
import { Histogram, type Spread } from "./histogram.js";
import { LOOP_STAGES, SOLVE_STAGES, STAGES, type Stage } from "./stage.js";

const newHistograms = <K extends string>(names: readonly K[]) =>
  Object.fromEntries(names.map((name) => [name, new Histogram()])) as Record<K, Histogram>;

/** A histogram for each stage and each sweep. */
export class StageHistograms {
  readonly #stages = newHistograms([...STAGES, "network"]);
  readonly #sweeps: Histogram[] = [];

  /** What a tick spent outside of the solve. */
  recordTick(stages: TickStages): void {
    for (const stage of LOOP_STAGES) this.#stages[stage].record(stages[stage] ?? Number.NaN);
  }

  /** A solve that ended, whichever way: to leave out the late ones would be to leave out the slow ones. */
  recordSolve(timings: SolveTimings): void {
    for (const stage of SOLVE_STAGES) this.#stages[stage].record(timings[stage]);
    this.#stages.network.record(timings.network);
    for (let k = 0; k < timings.sweeps.length; k++) {
      this.#sweeps[k] ??= new Histogram();
      this.#sweeps[k].record(timings.sweeps[k]);
    }
  }

  median(stage: Stage): number {
    return this.#stages[stage].quantile(0.5);
  }

  /** Milliseconds, in the order of a tick; stages that never were are not there. */
  spreads(): Record<string, Spread> {
    const found: Record<string, Spread> = {};
    const enter = (name: string, histogram: Histogram) => {
      if (histogram.count > 0) found[name] = histogram.spread();
    };
    for (const stage of STAGES) {
      enter(stage, this.#stages[stage]);
      if (stage !== "solve") continue;
      this.#sweeps.forEach((sweep, k) => {
        enter(`sweep ${k + 1}`, sweep);
      });
      enter("network", this.#stages.network);
    }
    return found;
  }
}

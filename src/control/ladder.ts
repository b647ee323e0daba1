import type { Rung } from "../telemetry/loop-event.js";
import type { Budgets } from "./budgets.js";

/** What the plan offers for a control step. */
export interface Offer {
  /** Whether the step is one of those that the chunk was solved for, or of the rest behind them. */
  readonly isExecuted: boolean;
  readonly outcome: "accepted" | "budget";
  /** Of the observation that the chunk answers. */
  readonly ageMs: number;
}

export interface Choice {
  readonly rung: Rung;
  /** Why it is not `fresh`; empty when it is. */
  readonly reason: string;
}

/**
 * Decides, once per control step, where its action comes from: the best rung that is sound. It climbs back by itself as
 * soon as there is a sound chunk again.
 *
 * @example
 * const ladder = new Ladder({ tick: 100, maxObservationAge: 1500, hold: 500 });
 * ladder.choose(undefined, "the worker is being replaced"); // { rung: "hold", reason: "the worker is being replaced" }
 */
export class Ladder {
  readonly #budgets: Pick<Budgets, "tick" | "maxObservationAge" | "hold">;
  #heldSteps = 0;
  #halted: string | undefined;

  constructor(budgets: Pick<Budgets, "tick" | "maxObservationAge" | "hold">) {
    this.#budgets = budgets;
  }

  reset(): void {
    this.#heldSteps = 0;
    this.#halted = undefined;
  }

  /** From now on there is nothing but a controlled stop, for this reason. */
  halt(why: string): void {
    this.#halted = why;
  }

  /** Why there is nothing but a controlled stop; undefined when it is not so. */
  get halted(): string | undefined {
    return this.#halted;
  }

  /**
   * @param offer what the plan has for this step, if anything.
   * @param trouble why there is no newer chunk.
   */
  choose(offer: Offer | undefined, trouble: string): Choice {
    if (this.#halted !== undefined) return { rung: "stop", reason: this.#halted };
    const { tick, maxObservationAge: oldest, hold } = this.#budgets;
    const isStale = offer !== undefined && oldest !== null && !(offer.ageMs <= oldest);
    if (offer && !isStale) {
      this.#heldSteps = 0;
      if (!offer.isExecuted) return { rung: "rest", reason: trouble };
      return offer.outcome === "accepted"
        ? { rung: "fresh", reason: "" }
        : { rung: "iterate", reason: trouble };
    }
    const age = isStale
      ? `its observation is ${offer.ageMs.toFixed(0)} ms old, ${oldest} ms are allowed; `
      : "";
    const reason = `${age}${trouble}`;
    this.#heldSteps += 1;
    const heldMs = this.#heldSteps * tick;
    if (hold === null || heldMs <= hold) return { rung: "hold", reason };
    return { rung: "stop", reason: `nothing sound for ${heldMs.toFixed(0)} ms: ${reason}` };
  }
}

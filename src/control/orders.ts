import type { Candidate } from "../inference/tick.js";
import type { LoopEffects, LoopSettings } from "./loop-effects.js";
import type { PlanInHand, Solving } from "./plan-in-hand.js";
import { Requests } from "./requests.js";
import type { View } from "./sightings.js";

/** An observation for which a chunk may be ordered. */
export interface Occasion {
  readonly id: number;
  readonly stamp: number;
  readonly step: number;
  readonly receivedAt: number;
  /** When it was acquired, as far as can be told on this side. */
  readonly seenAt: number;
}

/** What one robot has the worker solve: at most one chunk at a time, when it is time for one, until time is up. */
export class Orders {
  readonly #settings: LoopSettings;
  readonly #effects: Pick<LoopEffects, "order" | "candidate" | "stop">;
  readonly #requests: Requests;
  #next = 1;
  #solving: Solving | undefined;
  /** Id of the observation that was solved last: it is not solved again. */
  #solvedId = -1;
  /** The end of the chunk whose successor was begun ahead. */
  #predictedStep = -1;

  constructor(settings: LoopSettings, effects: Pick<LoopEffects, "order" | "candidate" | "stop">) {
    this.#settings = settings;
    this.#effects = effects;
    this.#requests = new Requests(settings.manifest, settings.session);
  }

  /** Whether a chunk that may be executed is under way. */
  get isComing(): boolean {
    return this.#solving !== undefined && !this.#solving.isPredicted;
  }

  /** When the budget of the order under way ends. */
  get deadline(): number {
    return this.#solving?.deadline ?? Number.POSITIVE_INFINITY;
  }

  /** Ends what is under way, and what it would have been for. */
  clear(): void {
    this.#abandon();
    this.#solvedId = -1;
    this.#predictedStep = -1;
  }

  begin(episode: number): void {
    this.#requests.begin(episode);
  }

  /** See {@link Requests.acted}. */
  acted(step: number, isPlanned: boolean): void {
    this.#requests.acted(step, isPlanned);
  }

  /** Has a chunk solved if it is time for one, with `left` steps of the plan in hand still fresh. */
  consider(occasion: Occasion, left: number, plan: PlanInHand, view: () => View): void {
    const { overlap, ahead, execute } = this.#settings.plan;
    if (this.#solving?.isPredicted && left === 0) this.#abandon();
    if (this.#solving || left > ahead || this.#solvedId === occasion.id) return;
    if (overlap === "predict" && left > 0) {
      if (this.#predictedStep !== plan.freshUntil) this.#predict(occasion, left, plan.freshUntil, view());
      return;
    }
    this.#solvedId = occasion.id;
    const seen = view();
    const known = plan.aheadFrom(occasion.step).subarray(0, left * this.#settings.manifest.action.length);
    const request = this.#requests.next(seen, left > 0 ? Float64Array.from(known) : undefined);
    this.#place(occasion, { step: seen.step, isPredicted: false, executed: left + execute, request });
  }

  /** The order under way, if it is this one; it is not any more. */
  end(order: number): Solving | undefined {
    const solving = this.#solving;
    if (solving?.order !== order) return undefined;
    this.#solving = undefined;
    return solving;
  }

  /** Ends the order under way because its time is up; with what it has by now, if that may be executed at all. */
  cut(): { readonly solving: Solving; readonly candidate: Candidate | undefined } | undefined {
    const solving = this.#solving;
    if (!solving) return undefined;
    const candidate = this.#effects.candidate(solving.order);
    this.#abandon();
    return solving.isPredicted ? undefined : { solving, candidate };
  }

  /** The observation that was solved last may be solved again. */
  retry(): void {
    this.#solvedId = -1;
  }

  #predict(occasion: Occasion, left: number, step: number, seen: View): void {
    this.#predictedStep = step;
    const predicted = this.#requests.predicted(seen, left);
    const request = this.#requests.next(predicted, undefined, left);
    const { execute: executed } = this.#settings.plan;
    this.#place(occasion, { step: predicted.step, isPredicted: true, executed, request });
  }

  #place(
    { id, stamp, seenAt, receivedAt }: Occasion,
    {
      request,
      ...what
    }: Pick<Solving, "step" | "isPredicted" | "executed"> & {
      readonly request: ReturnType<Requests["next"]>;
    },
  ): void {
    const { solve } = this.#settings.budgets;
    const order = this.#next++;
    this.#solving = {
      id,
      stamp,
      seenAt,
      order,
      deadline: receivedAt + (solve ?? Number.POSITIVE_INFINITY),
      ...what,
    };
    const { step, isPredicted } = what;
    this.#effects.order({ order, step, isPredicted, request });
  }

  #abandon(): void {
    if (this.#solving) this.#effects.stop(this.#solving.order);
    this.#solving = undefined;
  }
}

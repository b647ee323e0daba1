import type { Budgets } from "./budgets.js";

/** An observation from which a robot's steps are counted on. */
export interface Anchor {
  readonly step: number;
  readonly receivedAt: number;
}

/**
 * The control steps of one robot on the time axis. The robot's own count, which every observation carries, is the one
 * that counts; a paced robot's steps are counted on from there at the control period while observations stay out.
 */
export class Pace {
  readonly #budgets: Readonly<Budgets>;
  #anchor: Anchor | undefined;
  #isPaced = false;

  constructor(budgets: Readonly<Budgets>) {
    this.#budgets = budgets;
  }

  get isPaced(): boolean {
    return this.#isPaced;
  }

  clear(): void {
    this.#anchor = undefined;
    this.#isPaced = false;
  }

  /** Counts from this observation on. */
  follow(anchor: Anchor, isPaced: boolean): void {
    this.#anchor = anchor;
    this.#isPaced = isPaced;
  }

  /** When a paced robot's action must go out, whatever is still being solved. */
  actBy(receivedAt: number): number {
    // A robot that goes on meanwhile gains nothing from an action that comes a period late.
    return receivedAt + (this.#quickSolve ?? 0);
  }

  /** When a step begins. Throws before the first observation. */
  begins(step: number): number {
    if (!this.#anchor) throw new Error("no steps are counted before the first observation");
    return this.#anchor.receivedAt + (step - this.#anchor.step) * this.#budgets.tick;
  }

  /** When the clock acts in a step whose observation has not come; Infinity for a robot that waits. */
  clockActsAt(step: number): number {
    return this.#isPaced ? this.begins(step) + this.#grace : Number.POSITIVE_INFINITY;
  }

  /** The step that the clock is to act in, `next` or later: what a stall swallowed is skipped, never made up for. */
  clockStep(now: number, next: number): number {
    return next + Math.max(0, Math.floor((now - this.clockActsAt(next)) / this.#budgets.tick));
  }

  /** The solve budget, where it is less than a period. */
  get #quickSolve(): number | undefined {
    const { tick, solve } = this.#budgets;
    return solve !== null && solve < tick ? solve : undefined;
  }

  get #grace(): number {
    return this.#quickSolve ?? this.#budgets.tick / 2;
  }
}

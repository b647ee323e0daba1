import {
  type LoopEvent,
  type ObservationEvent,
  RUNGS,
  type Rung,
  type SolveEvent,
  type TickRecord,
} from "../telemetry/loop-event.js";
import { StepCount } from "../telemetry/step-count.js";

/** Ticks that a page opened later still gets to see. */
const HISTORY = 240;
const TRANSITIONS = 12;

/** The ladder's having come to a rung. */
export interface Transition {
  readonly at: number;
  readonly rung: Rung;
  readonly reason: string;
}

/** One robot as the page shows it. Taking in an event only keeps references and counts. */
export class RobotState {
  readonly #counts = {
    rungs: Object.fromEntries(RUNGS.map((rung) => [rung, 0])) as Record<Rung, number>,
    missed: 0,
    silent: 0,
    orders: 0,
    solves: 0,
  };
  readonly #steps = new StepCount();
  readonly #ticks: TickRecord[] = [];
  /** Newest last; the ladder stands where the last one brought it. */
  readonly #transitions: Transition[] = [];
  #tickCount = 0;
  #observation: ObservationEvent | undefined;
  #solve: SolveEvent | undefined;
  #left: number | null = null;

  constructor(readonly name: string) {}

  get hasLeft(): boolean {
    return this.#left !== null;
  }

  watch(event: LoopEvent): void {
    switch (event.kind) {
      case "left":
        this.#left = event.at;
        return;
      case "joined":
        this.#left = null;
        return;
      case "observation":
        this.#observation = event;
        this.#steps.observed(event.episode, event.step, event.reply !== "none");
        return;
      case "order":
        this.#counts.orders += 1;
        return;
      case "solve":
        this.#counts.solves += 1;
        this.#solve = event;
        return;
      case "tick":
        this.#tick(event);
    }
  }

  /** From tick number `from` on, as far as they are kept. */
  toFrame(from: number) {
    const kept = this.#tickCount - this.#ticks.length;
    const first = Math.max(from, kept);
    const ticks = this.#ticks.slice(first - kept);
    const newest = this.#ticks.at(-1);
    return {
      name: this.name,
      left: this.#left,
      counts: this.#counts,
      transitions: this.#transitions,
      observation: this.#observation && {
        at: this.#observation.at,
        ageMs: this.#observation.ageMs,
        values: short(this.#observation.values),
      },
      solve: this.#solve && {
        at: this.#solve.at,
        outcome: this.#solve.result.outcome,
        residual: this.#solve.result.residual,
        sweepsMs: short(this.#solve.result.timings.sweeps),
      },
      ahead: newest ? short(newest.ahead) : [],
      first,
      ticks: ticks.map(toPoint),
    };
  }

  /** The number that the next tick will have. */
  get nextTick(): number {
    return this.#tickCount;
  }

  #tick(tick: TickRecord): void {
    this.#tickCount += 1;
    this.#counts.rungs[tick.rung] += 1;
    if (tick.missed) this.#counts.missed += 1;
    this.#counts.silent += this.#steps.acted(tick.episode, tick.step);
    this.#ticks.push(tick);
    if (this.#ticks.length > HISTORY) this.#ticks.shift();
    if (this.#transitions.at(-1)?.rung === tick.rung) return;
    this.#transitions.push({ at: tick.at, rung: tick.rung, reason: tick.reason });
    if (this.#transitions.length > TRANSITIONS) this.#transitions.shift();
  }
}

function toPoint({ ahead, action, plan, kind, robot, id, ...tick }: TickRecord) {
  return {
    ...tick,
    action: short(action),
    plan: plan && {
      order: plan.order,
      step: plan.step,
      outcome: plan.outcome,
      start: plan.start,
      ageMs: plan.ageMs,
      residual: plan.residual,
      sweeps: plan.sweeps,
    },
  };
}

/** Six digits are more than a screen resolves; a float32 written out in full has seventeen. */
function short(values: Float32Array | Float64Array | readonly number[]): number[] {
  return Array.from(values, (value) => Number(value.toPrecision(6)));
}

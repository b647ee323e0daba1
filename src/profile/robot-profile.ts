import type { ObservationEvent, OrderEvent, TickRecord } from "../telemetry/loop-event.js";
import { StepCount } from "../telemetry/step-count.js";
import { Omission } from "./omission.js";

/** What the profile has to remember of one robot. */
export class RobotProfile {
  readonly steps = new StepCount();
  readonly omission: Omission;
  /** Lateness of the alarm since the last tick; NaN without one. */
  alarmMs = Number.NaN;
  isPaced = false;
  /** The newest solve failed with its worker. */
  lostItsSolve = false;
  #episode: number | undefined;
  #wasStopped = false;
  /** The newest solve under way that is meant to be executed. */
  #open: number | undefined;
  /** The first solve of a worker that replaced a lost one. */
  #warming: number | undefined;
  #expectsNewWorker = false;
  #countsFrom = Number.POSITIVE_INFINITY;
  /** Rows of missed ticks by the order that they waited for. */
  readonly #waiting = new Map<number, number[]>();

  /** @param index the robot's number in the table. */
  constructor(
    readonly index: number,
    tickMs: number,
  ) {
    this.omission = new Omission(tickMs);
  }

  observed({ episode, step, reply }: ObservationEvent): void {
    this.steps.observed(episode, step, reply !== "none");
    if (reply !== "none") this.isPaced = reply === "paced";
  }

  workerReplaced(): void {
    this.#expectsNewWorker = true;
  }

  ordered({ order, isPredicted }: OrderEvent, isWarmedUp: boolean): void {
    if (this.#expectsNewWorker) this.#warming = order;
    this.#expectsNewWorker = false;
    this.lostItsSolve = false;
    if (isWarmedUp && this.#countsFrom > order) this.#countsFrom = order;
    if (!isPredicted) this.#open = order;
  }

  /** Rows of the ticks that this order came too late for. */
  solved(order: number): readonly number[] {
    if (this.#open === order) this.#open = undefined;
    const rows = this.#waiting.get(order) ?? [];
    this.#waiting.delete(order);
    return rows;
  }

  /** Whether the solve was asked for after warm-up, of a worker that is warm. */
  counts(order: number): boolean {
    return order >= this.#countsFrom && order !== this.#warming;
  }

  /** Whether the tick executes, or waits for, the first solve of a new worker. */
  isWarming({ plan, missed }: TickRecord): boolean {
    if (this.#warming === undefined) return false;
    return plan?.order === this.#warming || (missed && this.#open === this.#warming);
  }

  /** Whether there is a solve for a missed tick to have waited for; `row` is given out once that has ended. */
  waits(row: number): boolean {
    if (this.#open === undefined) return false;
    const rows = this.#waiting.get(this.#open);
    if (rows) rows.push(row);
    else this.#waiting.set(this.#open, [row]);
    return true;
  }

  /** The ticks missing before this one, to be recorded by `record`; returns how many. */
  omitted({ episode, rung, at, endToEndMs }: TickRecord, record: (ms: number) => void): number {
    // Silence after a controlled stop is meant.
    if (!this.isPaced || episode !== this.#episode || this.#wasStopped) this.omission.reset();
    this.#episode = episode;
    this.#wasStopped = rung === "stop";
    return this.omission.enter(at - endToEndMs, at, record);
  }
}

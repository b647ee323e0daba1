import type { EpisodeRecord, Incident, TickSample } from "../src/telemetry/episode-record.js";
import { RUNGS, type Rung } from "../src/telemetry/loop-event.js";
import type { ActionMessage } from "../src/transport/message.js";

/** An episode is told in at most so many incidents. */
const MOST_INCIDENTS = 200;

/** Where the action of a step came from; without one, whether the plan in hand reached it. */
type State = Rung | "silence" | "silence, holding";

/** Writes down what happens in one episode, step by step, as the robot's side sees it. */
export class Chronicle {
  readonly #progress: number[] = [];
  readonly #actions: (readonly number[])[] = [];
  readonly #ticks: TickSample[] = [];
  readonly #incidents: Incident[] = [];
  readonly #rungs = Object.fromEntries(RUNGS.map((rung) => [rung, 0])) as Record<Rung, number>;
  #state: State = "fresh";
  /** What has been said of why it is so. */
  readonly #causes = new Set<string>();
  #planStep = -1;
  #score = 0;
  #isSuccess = false;
  #isFinished = false;
  #misses = 0;
  readonly #roundTripsMs: number[] = [];
  #silentSteps = 0;
  #heldSteps = 0;

  get deadlineMisses(): number {
    return this.#misses;
  }

  get lastTick(): TickSample | undefined {
    return this.#ticks.at(-1);
  }

  /** The action of a step has come. */
  answered(step: number, message: ActionMessage, roundTripMs: number): void {
    const { rung, reason, missed, plan } = message;
    this.#rungs[rung] += 1;
    this.#roundTripsMs.push(roundTripMs);
    this.#turn(step, rung, reason);
    if (missed) this.#misses += 1;
    const isNew = plan !== null && plan.step !== this.#planStep;
    if (plan && isNew) {
      this.#planStep = plan.step;
      const { outcome, sweeps, evaluations, residual, solve_ms: solveMs } = plan;
      this.#ticks.push({ step, outcome, sweeps, evaluations, residual, solveMs, roundTripMs, missed });
    } else if (missed) {
      this.#ticks.push({ step, outcome: rung, sweeps: 0, evaluations: 0, solveMs: 0, roundTripMs, missed });
    }
  }

  /** The action of a step has come, from somebody who says no more about it. */
  commanded(step: number): void {
    this.#turn(step, "fresh", "commands come again");
  }

  /** The action of a step has not come. */
  silent(step: number, isPlanned: boolean): void {
    this.#silentSteps += 1;
    if (isPlanned)
      this.#turn(step, "silence", "no action came for this step; the robot goes on by the plan in its hands");
    else this.#turn(step, "silence, holding", "no action came, and no plan in hand reaches this step");
  }

  executed(
    action: readonly number[],
    isHeld: boolean,
    {
      reward,
      progress,
      terminated,
      truncated,
    }: {
      readonly reward: number;
      readonly progress: number;
      readonly terminated: boolean;
      readonly truncated: boolean;
    },
  ): void {
    if (isHeld) this.#heldSteps += 1;
    this.#actions.push(action);
    this.#progress.push(progress);
    this.#score = Math.max(this.#score, reward);
    this.#isSuccess ||= terminated && progress === 1;
    this.#isFinished ||= terminated || truncated;
  }

  note(step: number, what: string): void {
    if (this.#incidents.length < MOST_INCIDENTS) this.#incidents.push({ step, what });
  }

  record(episode: number, seed: number): EpisodeRecord {
    return {
      episode,
      seed,
      score: this.#score,
      success: this.#isSuccess,
      finished: this.#isFinished,
      progress: this.#progress,
      actions: this.#actions,
      ticks: this.#ticks,
      roundTripsMs: this.#roundTripsMs,
      rungs: this.#rungs,
      deadlineMisses: this.#misses,
      silentSteps: this.#silentSteps,
      heldSteps: this.#heldSteps,
      incidents: this.#incidents,
    };
  }

  /** Notes a step on the ladder, and once each other cause of being there: a reason that differs in more than its figures. */
  #turn(step: number, state: State, reason: string): void {
    const cause = reason.replaceAll(/\d+(\.\d+)?/g, "#");
    if (state === this.#state && (state === "fresh" || this.#causes.has(cause))) return;
    if (state !== this.#state) this.#causes.clear();
    this.#causes.add(cause);
    const back =
      state === "fresh" ? `${reason || "back to fresh chunks"} after ${this.#state}` : `${state}: ${reason}`;
    this.note(step, back);
    this.#state = state;
  }
}

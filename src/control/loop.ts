import { type FailedTick, isSolved, type TickResult } from "../inference/tick.js";
import type { Rung, TickRecord } from "../telemetry/loop-event.js";
import type { RefusalReason } from "../transport/message.js";
import { Actuation } from "./actuation.js";
import type { Budgets } from "./budgets.js";
import { CommandTrack } from "./command-track.js";
import { Conversation } from "./conversation.js";
import { Ladder } from "./ladder.js";
import type { LoopEffects, LoopSettings, Seen } from "./loop-effects.js";
import { type Occasion, Orders } from "./orders.js";
import { Pace } from "./pace.js";
import { type Chunk, type Ending, figuresOf, PlanInHand, type Solving } from "./plan-in-hand.js";
import { Sightings } from "./sightings.js";

/** After it has been told to stand still for so long, a robot that shows nothing is told nothing more. */
const FAREWELL_MS = 1000;

/** Share of a control period for which an observation of an earlier period waits: a newer one may be right behind it. */
const CATCH_UP = 0.1;

/** An observation that waits for its action. */
interface Due extends Occasion {
  /** It was under way for more than a period, so that nothing is done for it before `actBy`. */
  readonly isOverdue: boolean;
  readonly actBy: number;
}

/**
 * One robot's control loop: a state machine without clock, threads or promises. Everything it knows of time is the `now`
 * of its inputs, so that the same inputs give the same actions: in a test, in a replay, on the robot.
 *
 * Safety rules that it keeps, whatever comes in:
 * 1. what it publishes is finite, inside the limits, and derives from an observation within the allowed age;
 * 2. without a sound chunk the {@link Ladder} decides;
 * 3. it goes back to fresh chunks by itself;
 * 4. the end of a solve counts only for the order under way;
 * 5. a chunk's row belongs to a control step, and the robot's own count of steps is the only one;
 * 6. no input waits for anything.
 */
export class ControlLoop {
  readonly #settings: LoopSettings;
  /** The budgets in {@link #settings}, which every part of the loop looks up when it needs them. */
  readonly #budgets: { -readonly [K in keyof Budgets]: Budgets[K] };
  readonly #effects: LoopEffects;
  readonly #sightings: Sightings;
  readonly #orders: Orders;
  readonly #plan: PlanInHand;
  readonly #ladder: Ladder;
  readonly #actuation: Actuation;
  readonly #pace: Pace;
  readonly #commands: CommandTrack;
  readonly #conversation = new Conversation();
  #wakeAt = Number.POSITIVE_INFINITY;
  #episode: number | undefined;
  #newest: Due | undefined;
  /** {@link #newest}, until its action has gone out. */
  #due: Due | undefined;
  /** The last step whose action went out; -1 before the first. */
  #actedStep = -1;
  /** Steps in which it was told to stand still, at the end of a controlled stop. */
  #stoodSteps = 0;
  /** When a solve is tried again that failed for want of a worker. */
  #retryAt = Number.POSITIVE_INFINITY;
  /** Why there is no newer chunk, if there is a reason. */
  #trouble = "";

  constructor(settings: LoopSettings, effects: LoopEffects) {
    const { manifest, plan } = settings;
    const budgets = { ...settings.budgets };
    this.#budgets = budgets;
    this.#settings = { ...settings, budgets };
    this.#effects = effects;
    this.#sightings = new Sightings(manifest);
    this.#orders = new Orders(this.#settings, effects);
    this.#plan = new PlanInHand(manifest, plan);
    this.#ladder = new Ladder(budgets);
    this.#actuation = new Actuation(manifest, budgets.tick);
    this.#pace = new Pace(budgets);
    this.#commands = new CommandTrack(manifest.action, budgets.tick, plan.commands);
  }

  /** An observation came in. */
  observed(now: number, seen: Seen): void {
    const { id, stamp, episode, step, reply, receivedAt } = seen;
    const refuse = (reason: RefusalReason, why: string) => this.#effects.refuse(id, stamp, reason, why);
    const heard = this.#conversation.hear(seen);
    if (!heard.isNewer) {
      refuse("superseded", `observation ${id} came after observation ${this.#conversation.newestId}`);
      return;
    }
    const { isAnew, ageMs, lateMs } = heard;
    if (this.#ladder.halted !== undefined) {
      refuse("stopping", `observation ${id} gets no action: ${this.#ladder.halted}`);
      return;
    }
    if (isAnew || episode !== this.#episode) this.#begin(episode, `observation ${id} is newer`);
    const wrong = this.#sightings.observe(step, seen.observation);
    if (wrong) {
      refuse("invalid-observation", wrong);
      return;
    }
    this.#effects.admitted(ageMs, this.#sightings.frame);
    if (reply === "none") return;
    const { tick, solve } = this.#settings.budgets;
    const isActed = step <= this.#actedStep;
    // The clock has acted in the place of an observation that was long under way.
    if (isActed && reply === "paced" && lateMs >= tick / 2) {
      refuse("superseded", `observation ${id} came after the clock had acted in step ${step}`);
      // Those that follow may be as late from now on, and would all be refused: the clock leaves them the time.
      if (step === this.#actedStep) this.#pace.follow({ step, receivedAt }, true);
      this.#schedule();
      return;
    }
    this.#replace(now, `observation ${id} is newer`);
    this.#pace.follow({ step, receivedAt }, reply === "paced");
    const isOverdue = reply === "paced" && lateMs >= tick;
    const patient =
      reply === "paced" ? this.#pace.actBy(receivedAt) : receivedAt + (solve ?? Number.POSITIVE_INFINITY);
    const actBy = isOverdue ? now + CATCH_UP * tick : patient;
    this.#newest = { id, stamp, step, receivedAt, seenAt: receivedAt - ageMs, isOverdue, actBy };
    this.#due = this.#newest;
    if (isActed) this.#recount(step);
    this.#proceed(now, "observation");
    this.#schedule();
  }

  /** A solve came to its end. One that is no longer under way changes nothing. */
  solved(now: number, order: number, result: TickResult): void {
    const solving = this.#orders.end(order);
    if (!solving) return;
    if (!isSolved(result)) this.#failed(now, result);
    else if (!solving.isPredicted) {
      const { actions, start, timings } = result;
      const solveMs = timings.normalise + timings.solve + timings.denormalise;
      this.#adopt(solving, actions, { outcome: "accepted", start, figures: result, solveMs, timings });
    }
    this.#proceed(now, "solve");
    this.#schedule();
  }

  #failed(now: number, { outcome, message }: FailedTick): void {
    this.#trouble = message;
    if (outcome !== "worker-failed" || !this.#due || this.#pace.isPaced) return;
    // A world that waits would be over before the next worker is ready, if every step were answered at once.
    this.#retryAt = now + this.#settings.budgets.tick;
    this.#orders.retry();
  }

  /** It is the moment that was asked for with `wake`, or later. */
  alarm(now: number): void {
    this.#wakeAt = Number.POSITIVE_INFINITY;
    if (now >= this.#orders.deadline) this.#cut();
    if (now >= this.#retryAt) this.#retryAt = Number.POSITIVE_INFINITY;
    if (this.#due) this.#proceed(now, "deadline");
    else if (now >= this.#clockActsAt()) {
      this.#act(now, this.#pace.clockStep(now, this.#actedStep + 1), "clock");
    }
    this.#schedule();
  }

  /**
   * Brings the robot to a controlled stop: a paced one is told at once, and then by the clock until it stands; what it
   * shows is refused from now on. {@link close} ends this.
   */
  halt(now: number, why: string): void {
    this.#orders.clear();
    this.#plan.clear();
    this.#ladder.halt(why);
    this.#retryAt = Number.POSITIVE_INFINITY;
    this.#stoodSteps = 0;
    if (this.#pace.isPaced) this.#act(now, this.#due?.step ?? this.#actedStep + 1, "clock");
    else this.#refuseDue("stopping", why);
    this.#schedule();
  }

  /** Changes the budgets for what is ordered and decided from now on. The control period is the policy's, and stays. */
  adjust({ solve, maxObservationAge, hold }: Budgets): void {
    Object.assign(this.#budgets, { solve, maxObservationAge, hold });
  }

  /** Whether nothing more is said unless something is shown: after a controlled stop, the robot stands. */
  get isSilent(): boolean {
    return !this.#due && this.#clockActsAt() === Number.POSITIVE_INFINITY;
  }

  /** The robot is gone, or the node stops: answers what waits. */
  close(reason: RefusalReason, why: string): void {
    this.#refuseDue(reason, why);
    this.#forget();
    this.#schedule();
  }

  #begin(episode: number, why: string): void {
    this.#refuseDue("superseded", why);
    this.#forget();
    this.#episode = episode;
    this.#orders.begin(episode);
    this.#effects.begin(episode);
  }

  #forget(): void {
    this.#orders.clear();
    this.#newest = undefined;
    this.#actedStep = -1;
    this.#stoodSteps = 0;
    this.#retryAt = Number.POSITIVE_INFINITY;
    this.#trouble = "";
    this.#sightings.clear();
    this.#plan.clear();
    this.#ladder.reset();
    this.#actuation.reset();
    this.#commands.reset();
    this.#pace.clear();
  }

  #refuseDue(reason: RefusalReason, why: string): void {
    const due = this.#due;
    this.#due = undefined;
    if (due) this.#effects.refuse(due.id, due.stamp, reason, `observation ${due.id} got no action: ${why}`);
  }

  /**
   * A newer observation is there. A paced robot is given an action for every step all the same, but not for those that a
   * freeze of the node or of the line has swallowed.
   */
  #replace(now: number, why: string): void {
    if (this.#due && this.#pace.isPaced && !this.#due.isOverdue)
      this.#act(now, this.#due.step, "observation");
    else this.#refuseDue("superseded", why);
  }

  /** The robot has executed fewer steps than were acted in: it asks again, or stood still. Its own count is what counts. */
  #recount(step: number): void {
    this.#actedStep = step - 1;
    this.#commands.reset();
    if (!this.#plan.chunkAt(step) && this.#actuation.last) this.#plan.hold(step, this.#actuation.last);
  }

  /** Acts if the waiting observation has its action, or can wait no longer, and orders what is to be solved. */
  #proceed(now: number, trigger: TickRecord["trigger"]): void {
    const due = this.#due;
    if (!due || (due.isOverdue && now < due.actBy)) return;
    const left = this.#freshSteps(now, due.step);
    // What is begun ahead is not to hold up, nor to compete with, the action that is there.
    if (left > 0) this.#act(now, due.step, trigger);
    const isDown = this.#retryAt !== Number.POSITIVE_INFINITY;
    if (!isDown) this.#orders.consider(due, left, this.#plan, () => this.#sightings.view());
    if (left > 0) return;
    const isComing = isDown || this.#orders.isComing;
    if (!isComing || now >= due.actBy) this.#act(now, due.step, trigger);
  }

  /** Steps from this one on, this one included, that the plan covers as it is meant to. */
  #freshSteps(now: number, step: number): number {
    const { maxObservationAge } = this.#settings.budgets;
    const chunk = this.#plan.chunkAt(step);
    if (!chunk || (maxObservationAge !== null && !(this.#age(now, step, chunk) <= maxObservationAge)))
      return 0;
    return Math.max(0, this.#plan.freshUntil - step);
  }

  /** Time is up for a solve: takes what it has, if that is sound. */
  #cut(): void {
    const { budgets, safeResidual } = this.#settings;
    const cut = this.#orders.cut();
    if (!cut) return;
    const { solving, candidate } = cut;
    const solveMs = budgets.solve as number;
    const spent = `the solve budget of ${solveMs} ms was up after ${candidate?.sweeps ?? 0} sweeps`;
    this.#trouble = candidate ? `${spent}, at residual ${candidate.residual.toPrecision(2)}` : spent;
    if (!candidate || !(candidate.residual <= safeResidual)) return;
    const { actions, start } = candidate;
    this.#adopt(solving, actions, { outcome: "budget", start, figures: candidate, solveMs });
  }

  #adopt(solving: Solving, actions: Float32Array, ending: Ending): void {
    const from = this.#due?.step ?? this.#actedStep + 1;
    const wrong = this.#plan.adopt(solving, actions, ending, from);
    if (wrong) this.#trouble = wrong;
    else if (ending.outcome === "accepted") this.#trouble = "";
  }

  #act(now: number, step: number, trigger: TickRecord["trigger"]): void {
    const due = this.#due;
    const width = this.#settings.manifest.action.length;
    const chunk = this.#plan.chunkAt(step);
    const ageMs = chunk ? this.#age(now, step, chunk) : 0;
    const isExecuted = step < this.#plan.freshUntil;
    const offer = chunk && { isExecuted, outcome: chunk.outcome, ageMs };
    const { rung, reason } = this.#ladder.choose(offer, this.#why(due));
    const isPlanned = rung === "fresh" || rung === "iterate" || rung === "rest";
    const { frame } = this.#sightings;
    const before = this.#actuation.last;
    const planned = isPlanned ? this.#plan.aheadFrom(step) : undefined;
    const action = planned
      ? this.#actuation.towards(planned.subarray(0, width), frame)
      : this.#actuation.still(frame);
    const ahead = this.#ahead(action, planned);
    if (!isPlanned && action.length > 0) this.#plan.hold(step + 1, action);
    const isFirstUse = isPlanned && chunk?.isUsed === false;
    if (chunk) chunk.isUsed = true;
    this.#stoodSteps = rung === "stop" && isSame(action, before) ? this.#stoodSteps + 1 : 0;
    this.#actedStep = step;
    this.#orders.acted(step, isPlanned);
    this.#due = undefined;
    this.#effects.act({
      episode: this.#episode as number,
      step,
      id: due?.id ?? null,
      trigger,
      rung,
      reason,
      missed: this.#isMiss(rung, isFirstUse),
      action,
      ahead,
      ...this.#commands.next(ahead),
      since: due?.seenAt ?? this.#pace.begins(step),
      ...(isPlanned && chunk ? { plan: figuresOf(chunk, ageMs) } : {}),
      ...(isFirstUse && chunk?.timings ? { timings: chunk.timings } : {}),
    });
  }

  /** [rows · D] the action and those that follow it, as the plan stands, or to a standstill. */
  #ahead(action: Float32Array, planned: Float32Array | undefined): Float32Array {
    if (planned) {
      planned.set(action);
      this.#actuation.limitAhead(planned);
      return planned;
    }
    const { horizon, n_obs_steps } = this.#settings.manifest;
    const rest = action.length === 0 ? [] : this.#actuation.stillAhead(horizon - n_obs_steps);
    return Float32Array.of(...action, ...rest);
  }

  /** A paced robot that waits for the first chunk of its episode misses nothing, unless the solve came to nothing. */
  #isMiss(rung: Rung, isFirstUse: boolean): boolean {
    if (rung === "iterate") return isFirstUse;
    // A stop that was asked for keeps no solve from being in time.
    if (this.#ladder.halted !== undefined) return false;
    return rung !== "fresh" && (!this.#pace.isPaced || this.#plan.hasBegun || this.#trouble !== "");
  }

  #why(due: Due | undefined): string {
    if (this.#trouble) return this.#trouble;
    if (this.#orders.isComing) {
      return this.#plan.hasBegun ? "the next chunk is still being solved" : "the first chunk is being solved";
    }
    return due ? "no chunk reaches this step" : "no observation came";
  }

  /**
   * Of the chunk's observation. In lock-step the world stands still between steps: steps make it older, and the wait for
   * this one, unless there is no budget for that, and so a world that waits for as long as it takes.
   */
  #age(now: number, step: number, chunk: Chunk): number {
    if (this.#pace.isPaced || !this.#newest) return now - chunk.seenAt;
    const { tick, solve } = this.#settings.budgets;
    const waited = solve === null ? 0 : now - this.#newest.seenAt;
    return (step - chunk.step) * tick + waited;
  }

  /** When the clock acts for an observation that has not come. */
  #clockActsAt(): number {
    const isOver = this.#stoodSteps * this.#settings.budgets.tick > FAREWELL_MS;
    return isOver || this.#actedStep < 0
      ? Number.POSITIVE_INFINITY
      : this.#pace.clockActsAt(this.#actedStep + 1);
  }

  #schedule(): void {
    const acts = this.#due ? this.#due.actBy : this.#clockActsAt();
    const at = Math.min(acts, this.#retryAt, this.#orders.deadline);
    if (at === this.#wakeAt) return;
    this.#wakeAt = at;
    this.#effects.wake(at);
  }
}

/** An empty action leaves the robot where it is. */
function isSame(action: Float32Array, before: Float32Array | undefined): boolean {
  return action.every((value, d) => value === before?.[d]);
}

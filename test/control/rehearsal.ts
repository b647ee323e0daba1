import { ControlLoop } from "../../src/control/loop.js";
import type { Act, LoopEffects, LoopSettings, Order, Seen } from "../../src/control/loop-effects.js";
import type { Candidate, SolveTimings, TickResult } from "../../src/inference/tick.js";
import type { Rung } from "../../src/telemetry/loop-event.js";
import { StampClock } from "../../src/time/stamp-clock.js";
import { jointManifest } from "../policy/manifests.js";

/** The loop under test; a broken copy of it in the tests of the tests. */
export type LoopClass = new (
  settings: LoopSettings,
  effects: LoopEffects,
) => Pick<ControlLoop, "observed" | "solved" | "alarm" | "close">;

export const TICK = 100;
export const ROWS = 5;
export const SAFE = 0.03;
export const LIMIT = 2;

const MANIFEST = jointManifest({
  observation: [{ name: "position", shape: [1], unit: "rad" }],
  "normalizer.observation": { position: { min: [-4], max: [4] } },
});

/** What happens around a robot in one control period. */
export interface Period {
  /** The observation of this period: how it travels, or what is wrong with it. */
  readonly fate: "on time" | "late" | "lost" | "twice" | "not finite" | "misshapen" | "old id" | "frozen";
  /** Extra milliseconds under way. */
  readonly delay: number;
  /** What becomes of a solve that is ordered now. */
  readonly solve: "accepted" | "slow" | "never" | "not finite" | "worker lost" | "wild";
  readonly solveMs: number;
  /** Residual of the iterate at hand when time is up. */
  readonly residual: number;
  /** How late an alarm rings. */
  readonly alarmLate: number;
  readonly newEpisode: boolean;
  readonly restart: boolean;
}

export interface Plot {
  readonly pace: "once" | "paced";
  readonly overlap: "none" | "freeze" | "predict";
  readonly solveBudget: number | null;
  readonly maxObservationAge: number | null;
  readonly hold: number | null;
  /** Alarms ring when they are due, whatever the periods say. */
  readonly isPunctual: boolean;
  readonly periods: readonly Period[];
}

/** What a rehearsal found wrong, by the number of the safety rule. */
export interface Violation {
  readonly rule: 1 | 2 | 3 | 4 | 5 | 6;
  readonly what: string;
}

export interface Rehearsed {
  readonly ticks: number;
  readonly rungs: Readonly<Record<Rung, number>>;
  readonly violations: readonly Violation[];
}

/** Calm periods at the end, after which the loop must be back at fresh chunks by itself. */
const CALM_PERIODS = 14;
export const CALM: Period = {
  fate: "on time",
  delay: 0,
  solve: "accepted",
  solveMs: 10,
  residual: 1,
  alarmLate: 0,
  newEpisode: false,
  restart: false,
};

const TIMINGS: SolveTimings = {
  queue: 0,
  normalise: 0,
  solve: 1,
  sweeps: [1],
  network: 1,
  denormalise: 0,
  deliver: 0,
};

/** The value of a chunk's row says which order it belongs to and which step it is for; float32, inside the limits. */
export function coded(order: number, step: number): number {
  return Math.fround((((order * 131 + step * 17) % 1000) / 1000) * 2 * LIMIT - LIMIT);
}

interface Ordered extends Order {
  readonly at: number;
  /** When the observation it answers was seen by the robot, and its step. */
  readonly capturedAt: number;
  readonly fate: Period;
  isStopped: boolean;
  outcome?: "accepted" | "budget";
}

interface Captured {
  /** As it happened; of one that was taken in, as it looked on arrival. */
  readonly at: number;
  readonly step: number;
  readonly episode: number;
}

interface Happening {
  readonly at: number;
  readonly isMessage: boolean;
  readonly run: () => void;
}

/**
 * Plays a plot of faults with a loop in simulated time and checks the six safety rules at every action, knowing what the
 * loop cannot know: when each observation was really seen, and what each solve really was.
 */
export class Rehearsal {
  readonly #plot: Plot;
  readonly #loop: InstanceType<LoopClass>;
  readonly #violations: Violation[] = [];
  readonly #rungs: Record<Rung, number> = { fresh: 0, iterate: 0, rest: 0, hold: 0, stop: 0 };
  #queue: Happening[] = [];
  readonly #orders = new Map<number, Ordered>();
  /** Ids that asked for an action and have had no answer yet, with when they must have one. */
  readonly #open = new Map<number, number>();
  readonly #captured = new Map<number, Captured>();
  #now = 1000;
  #wakeAt = Number.POSITIVE_INFINITY;
  #period: Period = CALM;
  #id = 0;
  #episode = 1;
  #step = 0;
  #held = 0;
  /** Of the order before, in the same episode. */
  #askedStep: number | null = null;
  /** Whether the last action of a step was planned. */
  readonly #planned = new Map<number, boolean>();
  #acted: { readonly step: number; readonly episode: number; readonly at: number } | undefined;
  /** What can be known of a message's age on this side; it is tested on its own. */
  readonly #stamps = new StampClock();
  /** Of the newest observation that was taken in. */
  #takenId = -1;
  #takenStamp = 0;
  #heardAt = 0;
  #delivering: Captured | undefined;
  #deliveringId = 0;
  /** The newest observation that the loop has taken in. */
  #newest: Captured | undefined;
  #ticks = 0;
  #isAnswered = false;
  readonly #history: Rung[] = [];

  constructor(plot: Plot, Loop: LoopClass = ControlLoop) {
    this.#plot = plot;
    const effects: LoopEffects = {
      act: (act) => this.#check(act),
      refuse: (id) => {
        this.#open.delete(id);
        if (id === this.#id - 1) this.#isAnswered = true;
      },
      order: (order) => this.#order(order),
      candidate: (order) => this.#candidate(order),
      stop: (order) => this.#stop(order),
      wake: (at) => {
        this.#wakeAt = at;
      },
      begin: () => {
        this.#held = 0;
        this.#askedStep = null;
        this.#planned.clear();
      },
      admitted: () => {
        this.#newest = this.#delivering;
        if (this.#newest) this.#captured.set(this.#deliveringId, this.#newest);
      },
    };
    this.#loop = new Loop(
      {
        manifest: MANIFEST,
        session: "arm",
        budgets: {
          tick: TICK,
          solve: plot.solveBudget,
          maxObservationAge: plot.maxObservationAge,
          hold: plot.hold,
        },
        plan: {
          execute: 3,
          overlap: plot.overlap,
          ahead: plot.overlap === "none" ? 0 : 1,
          blend: "none",
          blendSteps: 1,
          commands: 4,
        },
        safeResidual: SAFE,
      },
      effects,
    );
  }

  run(): Rehearsed {
    const calm = Array.from({ length: CALM_PERIODS }, () => CALM);
    for (const period of [...this.#plot.periods, ...calm]) this.#play(period);
    for (const [id, at] of this.#open) {
      if (this.#now - at > 3 * TICK) this.#violate(6, `observation ${id} was never answered`);
    }
    // A chunk is used for three steps, and a solve that may take longer than a step costs one.
    const last = this.#history.slice(-5);
    if (!last.includes("fresh")) this.#violate(3, `${CALM_PERIODS} calm periods ended in ${last.join(", ")}`);
    return { ticks: this.#ticks, rungs: this.#rungs, violations: this.#violations };
  }

  #violate(rule: Violation["rule"], what: string): void {
    this.#violations.push({ rule, what: `t=${this.#now} step ${this.#step}: ${what}` });
  }

  #play(period: Period): void {
    this.#period = period;
    if (period.restart) this.#restart();
    else if (period.newEpisode) this.#begin();
    const ends = this.#now + TICK;
    if (period.fate === "frozen") {
      // The robot stands still: time passes, its steps do not.
      this.#advance(ends);
      return;
    }
    this.#show(period);
    if (this.#plot.pace === "once") {
      // The world waits until there is an answer, or until the robot gives up and asks again.
      const patience = this.#now + 12 * TICK;
      this.#isAnswered = false;
      do this.#advance(Math.min(patience, Math.max(this.#now + 1, this.#next())));
      while (!this.#isAnswered && this.#now < patience);
      this.#open.clear();
      if (this.#acted?.step === this.#step) this.#step += 1;
    } else {
      this.#advance(ends);
      this.#step += 1;
    }
  }

  #restart(): void {
    this.#id = 0;
    // What was under way went down with its socket.
    this.#queue = this.#queue.filter(({ isMessage }) => !isMessage);
    this.#begin();
  }

  #begin(): void {
    this.#episode += 1;
    this.#step = 0;
    this.#acted = undefined;
  }

  #show({ fate, delay }: Period): void {
    const captured = { at: this.#now, step: this.#step, episode: this.#episode };
    if (fate === "lost") {
      this.#id += 1;
      return;
    }
    const isOld = fate === "old id" && this.#id > 2;
    const id = isOld ? this.#id - 2 : this.#id++;
    const value = fate === "not finite" ? Number.NaN : 0.5;
    const observation = fate === "misshapen" ? { position: [value, value] } : { position: [value] };
    const travel = fate === "late" ? delay : 0;
    const deliver = () => {
      const seen: Seen = {
        id,
        stamp: Math.round(captured.at * 1000),
        statedAgeMs: 0,
        episode: captured.episode,
        step: captured.step,
        reply: this.#plot.pace,
        receivedAt: this.#now,
        observation,
      };
      this.#open.set(id, this.#now);
      this.#delivering = captured;
      this.#deliveringId = id;
      // A robot that counts anew after a silence may have another clock.
      const isAnew = id <= this.#takenId && this.#now - this.#heardAt > 1000;
      const isFirst = id === 0 && captured.at > this.#takenStamp;
      if (isAnew) this.#stamps.reset();
      if (isAnew || isFirst || id > this.#takenId) {
        this.#takenStamp = captured.at;
        this.#takenId = id;
        this.#heardAt = this.#now;
        this.#delivering = { ...captured, at: this.#now - this.#stamps.age(seen.stamp, this.#now) };
        this.#deliveringId = id;
      }
      this.#loop.observed(this.#now, seen);
    };
    this.#at(this.#now + travel, deliver, true);
    if (fate === "twice") this.#at(this.#now + travel + 3, deliver, true);
  }

  #order(order: Order): void {
    const fate = this.#period;
    const executed = this.#executedUntil(order);
    if (order.request.executed !== executed) {
      this.#violate(
        5,
        `order ${order.order} counts ${order.request.executed} executed steps, not ${executed}`,
      );
    }
    this.#askedStep = order.step;
    const ordered: Ordered = {
      ...order,
      at: this.#now,
      capturedAt: this.#newest?.at ?? Number.NaN,
      fate,
      isStopped: false,
    };
    this.#orders.set(order.order, ordered);
    if (fate.solve === "never") return;
    const takes = fate.solve === "slow" ? fate.solveMs * 20 : fate.solveMs;
    this.#at(this.#now + takes, () => this.#finish(ordered));
    // A worker's answer may come twice, and long after it was told to stop: it must change nothing.
    this.#at(this.#now + takes + TICK, () => this.#finish(ordered));
  }

  /** Steps of the plan that were executed since the order before; those that a predicted one counts on, too. */
  #executedUntil({ step, isPredicted }: Order): number | null {
    const asked = this.#askedStep;
    if (asked === null || step < asked) return null;
    const now = isPredicted ? (this.#newest?.step ?? 0) : step;
    const planned = [...this.#planned].filter(
      ([acted, wasPlanned]) => wasPlanned && acted >= asked && acted < now,
    );
    return planned.length + Math.min(step - now, step - asked);
  }

  #finish(ordered: Ordered): void {
    const { solve } = ordered.fate;
    if (!ordered.isStopped && solve !== "not finite" && solve !== "worker lost")
      ordered.outcome ??= "accepted";
    this.#loop.solved(this.#now, ordered.order, this.#result(ordered));
  }

  #result({ order, step, fate, request }: Ordered): TickResult {
    const figures = { residual: 0.01, sweeps: 3, evaluations: 100, timings: TIMINGS };
    if (fate.solve === "not finite")
      return { outcome: "not-finite", message: "the network gave NaN", ...figures };
    if (fate.solve === "worker lost")
      return { outcome: "worker-failed", message: "the worker died", ...figures };
    const actions = this.#rows(order, step, fate, request.frozen);
    return { outcome: "accepted", actions, clipped: 0, start: "warm", ...figures };
  }

  #rows(order: number, step: number, fate: Period, frozen?: Float64Array): Float32Array {
    return Float32Array.from({ length: ROWS }, (_, k) => {
      if (frozen && k < frozen.length) return frozen[k];
      if (fate.solve === "wild")
        return [Number.NaN, 1e9, Number.POSITIVE_INFINITY, -1e9, LIMIT * 1.5][(order + k) % 5];
      return coded(order, step + k);
    });
  }

  #candidate(order: number): Candidate | undefined {
    const ordered = this.#orders.get(order);
    if (!ordered) return undefined;
    const { residual } = ordered.fate;
    if (residual <= SAFE) ordered.outcome = "budget";
    const actions = this.#rows(order, ordered.step, ordered.fate, ordered.request.frozen);
    return { actions, clipped: 0, start: "warm", residual, sweeps: 1, evaluations: 50 };
  }

  #stop(order: number): void {
    const ordered = this.#orders.get(order);
    if (ordered) ordered.isStopped = true;
  }

  #at(at: number, run: () => void, isMessage = false): void {
    this.#queue.push({ at, run, isMessage });
    this.#queue.sort((a, b) => a.at - b.at);
  }

  #next(): number {
    return Math.min(this.#queue[0]?.at ?? Number.POSITIVE_INFINITY, this.#alarmAt());
  }

  #alarmAt(): number {
    return Math.max(this.#wakeAt, this.#now) + (this.#plot.isPunctual ? 0 : this.#period.alarmLate);
  }

  #advance(to: number): void {
    for (let turns = 0; this.#next() <= to; turns++) {
      if (turns > 500) {
        this.#violate(6, "the loop asks to be woken without end");
        break;
      }
      const alarmAt = this.#alarmAt();
      if ((this.#queue[0]?.at ?? Number.POSITIVE_INFINITY) <= alarmAt) {
        const { at, run } = this.#queue.shift() as Happening;
        this.#now = Math.max(this.#now, at);
        run();
      } else {
        this.#now = alarmAt;
        this.#wakeAt = Number.POSITIVE_INFINITY;
        this.#loop.alarm(this.#now);
      }
    }
    this.#now = Math.max(this.#now, to);
  }

  #check(act: Act): void {
    this.#ticks += 1;
    this.#rungs[act.rung] += 1;
    this.#history.push(act.rung);
    this.#planned.set(act.step, act.plan !== undefined);
    if (act.id !== null) this.#checkPunctuality(act.id);
    if (act.id === this.#id - 1) this.#isAnswered = true;
    this.#checkValues(act);
    this.#checkLadder(act);
    this.#checkOrigin(act);
    this.#checkCount(act);
    this.#acted = { step: act.step, episode: act.episode, at: this.#now };
  }

  #checkPunctuality(id: number): void {
    const { isPunctual, solveBudget } = this.#plot;
    const waited = this.#now - (this.#open.get(id) ?? this.#now);
    this.#open.delete(id);
    if (isPunctual && solveBudget !== null && waited > solveBudget) {
      this.#violate(6, `observation ${id} waited for ${waited} ms`);
    }
  }

  #checkValues({ action, ahead, commands }: Act): void {
    for (const value of [...action, ...ahead, ...(commands?.positions ?? [])]) {
      if (!(Number.isFinite(value) && Math.abs(value) <= LIMIT)) this.#violate(1, `published ${value}`);
    }
  }

  #checkLadder({ rung, reason, step, plan }: Act): void {
    const { hold, maxObservationAge } = this.#plot;
    if ((rung === "fresh") !== (reason === "")) this.#violate(2, `${rung} with reason "${reason}"`);
    this.#held = rung === "hold" || rung === "stop" ? this.#held + 1 : 0;
    if (hold !== null) {
      if (rung === "hold" && this.#held * TICK > hold) this.#violate(2, `held for ${this.#held} steps`);
      if (rung === "stop" && this.#held * TICK <= hold) this.#violate(2, `stopped after ${this.#held} steps`);
    }
    if (!plan) return;
    const ordered = this.#orders.get(plan.order);
    if (!ordered) return;
    const isRest = step - ordered.step >= this.#executedRows(ordered);
    if (isRest !== (rung === "rest")) this.#violate(2, `row ${step - ordered.step} of its chunk as ${rung}`);
    if (rung === "fresh" && ordered.outcome !== "accepted")
      this.#violate(2, `order ${plan.order} was not accepted`);
    if (rung === "iterate" && !(ordered.fate.residual <= SAFE)) {
      this.#violate(2, `an iterate with residual ${ordered.fate.residual}`);
    }
    const age = this.#plot.pace === "paced" ? this.#now - ordered.capturedAt : (step - ordered.step) * TICK;
    if (maxObservationAge !== null && age > maxObservationAge + 1e-6)
      this.#violate(1, `an observation ${age} ms old`);
  }

  #executedRows({ request }: Ordered): number {
    return 3 + (request.frozen?.length ?? 0);
  }

  #checkOrigin({ plan, action, step }: Act): void {
    if (!plan) return;
    const ordered = this.#orders.get(plan.order);
    if (!ordered) {
      this.#violate(4, `order ${plan.order} was never made`);
      return;
    }
    if (ordered.isPredicted) this.#violate(4, `order ${plan.order} was on a predicted observation`);
    if (ordered.isStopped && ordered.outcome !== "budget")
      this.#violate(4, `order ${plan.order} was stopped`);
    if (ordered.fate.solve === "wild") return;
    const expected = this.#rows(plan.order, ordered.step, ordered.fate, ordered.request.frozen)[
      step - ordered.step
    ];
    if (expected === action[0]) return;
    const other = [...this.#orders.keys()].find(
      (order) => order !== plan.order && coded(order, step) === action[0],
    );
    if (other === undefined)
      this.#violate(5, `step ${step} got ${action[0]}, order ${plan.order} says ${expected}`);
    else this.#violate(4, `step ${step} got the answer to order ${other} as that to ${plan.order}`);
  }

  #checkCount({ step, episode, trigger, id }: Act): void {
    const before = this.#acted;
    if (id !== null) {
      const captured = this.#captured.get(id);
      if (captured && captured.step !== step)
        this.#violate(5, `observation of step ${captured.step} got step ${step}`);
    }
    if (this.#plot.pace !== "paced" || !this.#plot.isPunctual) return;
    // A robot that has been standing still for long is left alone.
    const isLeftAlone = this.#history.at(-2) === "stop";
    if (before?.episode !== episode || isLeftAlone) return;
    if (trigger === "clock" && step !== before.step + 1)
      this.#violate(6, `the clock skipped step ${before.step + 1}`);
    if (this.#now - before.at > 3 * TICK) this.#violate(6, `silence since ${before.at}`);
  }
}

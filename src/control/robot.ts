import type { Inference } from "../inference/inference.js";
import type { Solve } from "../inference/tick.js";
import { SAFE_RESIDUAL } from "../inference/tick-solver.js";
import type { LoopEvent, RefusalEvent } from "../telemetry/loop-event.js";
import type { Clock } from "../time/clock.js";
import type { ActionMessage, NodeMessage, ObservationMessage, RefusalReason } from "../transport/message.js";
import { float32 } from "../transport/ndarray.js";
import type { Budgets } from "./budgets.js";
import { ControlLoop } from "./loop.js";
import type { Act, LoopEffects, Order, Seen } from "./loop-effects.js";
import type { PlanSettings } from "./plan-settings.js";
import { Stopwatch } from "./stopwatch.js";

/** What a robot's loop runs on. */
export interface RobotServices {
  readonly inference: Inference;
  readonly clock: Clock;
  readonly budgets: Budgets;
  readonly plan: PlanSettings;
  /** Must not block. */
  readonly send: (message: NodeMessage) => void;
  /** Must not block or throw. */
  readonly watch: (event: LoopEvent) => void;
}

/** Connects one robot's {@link ControlLoop} to the clock, the inference worker and its socket. */
export class Robot {
  readonly #services: RobotServices;
  readonly #loop: ControlLoop;
  readonly #stopwatch: Stopwatch;
  readonly #solves = new Map<number, Solve>();
  #cancelAlarm = () => {};
  /** What has happened in this turn of the loop, in order. */
  #news: LoopEvent[] = [];
  /** The message that is being taken in, when its bytes arrived, and when the loop was told. */
  #newest:
    | { readonly message: ObservationMessage; readonly receivedAt: number; readonly at: number }
    | undefined;

  constructor(
    readonly name: string,
    services: RobotServices,
  ) {
    const { inference, budgets, plan, clock } = services;
    this.#services = services;
    this.#stopwatch = new Stopwatch(() => clock.now());
    this.#loop = new ControlLoop(
      { manifest: inference.manifest, session: name, budgets, plan, safeResidual: SAFE_RESIDUAL },
      this.#effects(),
    );
  }

  /** @param receivedAt when its bytes arrived. */
  take(message: ObservationMessage, receivedAt: number): void {
    this.#stopwatch.received(receivedAt);
    const at = this.#services.clock.now();
    this.#newest = { message, receivedAt, at };
    this.#turn(() => this.#loop.observed(at, seen(message, receivedAt)));
  }

  /** Brings it to a controlled stop; nothing else goes out to it any more. */
  halt(reason: string): void {
    const at = this.#services.clock.now();
    this.#news.push({ kind: "halt", at, robot: this.name, reason });
    this.#turn(() => this.#loop.halt(at, reason));
  }

  /** See {@link ControlLoop.isSilent}. */
  get isSilent(): boolean {
    return this.#loop.isSilent;
  }

  /** What is ordered from now on has these budgets. */
  adjust(budgets: Budgets): void {
    this.#loop.adjust(budgets);
  }

  /** Answers what waits, and forgets everything. */
  close(reason: RefusalReason, why: string): void {
    this.#turn(() => this.#loop.close(reason, why));
    this.#cancelAlarm();
    this.#services.inference.forget(this.name);
  }

  /** Has the loop take a turn, and only then tells those who watch: no action waits for them. */
  #turn(take: () => void): void {
    take();
    const news = this.#news;
    this.#news = [];
    for (const event of news) this.#services.watch(event);
  }

  #effects(): LoopEffects {
    const { clock, send } = this.#services;
    const robot = this.name;
    return {
      act: (act) => this.#act(act),
      order: (order) => this.#solve(order),
      candidate: (order) => {
        const candidate = this.#solves.get(order)?.candidate();
        this.#news.push({ kind: "candidate", at: clock.now(), robot, order, candidate });
        return candidate;
      },
      stop: (order) => this.#solves.get(order)?.stop(),
      wake: (at) => this.#wake(at),
      begin: (episode) => {
        this.#news.push({ kind: "episode", at: clock.now(), robot, episode });
      },
      admitted: (ageMs, frame) => this.#admitted(ageMs, frame),
      refuse: (id, stamp, reason, message) => {
        send({ type: "refused", id, stamp, reason, message });
        const counted = reason === "invalid-observation" ? this.#counted() : {};
        this.#news.push({ kind: "refused", at: clock.now(), robot, id, reason, message, ...counted });
      },
    };
  }

  /** Of the message that is being taken in: the loop counts it whatever is in it. */
  #counted(): Pick<RefusalEvent, "observation"> {
    if (!this.#newest) return {};
    const { message, receivedAt } = this.#newest;
    const { stamp, age_ms: statedAgeMs = 0, episode, step, reply } = message;
    return { observation: { stamp, statedAgeMs, episode, step, reply, receivedAt } };
  }

  #admitted(ageMs: number, frame: Float64Array): void {
    this.#stopwatch.admitted();
    if (!this.#newest) return;
    const { message, receivedAt, at } = this.#newest;
    const { id, stamp, age_ms: statedAgeMs = 0, episode, step, reply } = message;
    const happened = { kind: "observation", at, robot: this.name } as const;
    this.#news.push({
      ...happened,
      id,
      stamp,
      statedAgeMs,
      episode,
      step,
      reply,
      receivedAt,
      ageMs,
      values: frame.slice(),
    });
  }

  #solve({ order, step, isPredicted, request }: Order): void {
    const { inference, clock } = this.#services;
    this.#news.push({ kind: "order", at: clock.now(), robot: this.name, order, step, isPredicted, request });
    const solve = inference.solve(request);
    this.#solves.set(order, solve);
    void solve.done.then((result) => {
      this.#solves.delete(order);
      this.#stopwatch.solved(result.timings);
      const now = clock.now();
      this.#news.push({ kind: "solve", at: now, robot: this.name, order, result });
      this.#turn(() => this.#loop.solved(now, order, result));
    });
  }

  #wake(at: number): void {
    const { clock } = this.#services;
    this.#cancelAlarm();
    if (at === Number.POSITIVE_INFINITY) {
      this.#cancelAlarm = () => {};
      return;
    }
    this.#cancelAlarm = clock.alarm(at, () => {
      this.#stopwatch.rang(at);
      const now = clock.now();
      this.#news.push({ kind: "alarm", at: now, robot: this.name, due: at });
      this.#turn(() => this.#loop.alarm(now));
    });
  }

  #act(act: Act): void {
    const { since, timings, commands, ...said } = act;
    const measured = this.#stopwatch.send(act, () => this.#services.send(this.#message(act)));
    this.#news.push({ kind: "tick", robot: this.name, ...said, ...measured });
  }

  #message({ id, episode, step, rung, reason, missed, ahead, commands, plan }: Act): ActionMessage {
    const width = this.#services.inference.manifest.action.length;
    return {
      type: "action",
      id,
      stamp: plan?.stamp ?? null,
      episode,
      step,
      actions: float32(ahead, [ahead.length / width, width]),
      commands: commands
        ? {
            positions: float32(commands.positions, [commands.positions.length / width, width]),
            velocities: float32(commands.velocities, [commands.velocities.length / width, width]),
          }
        : null,
      rung,
      reason,
      missed,
      plan: plan
        ? {
            step: plan.step,
            outcome: plan.outcome,
            sweeps: plan.sweeps,
            evaluations: plan.evaluations,
            residual: plan.residual,
            solve_ms: plan.solveMs,
            age_ms: Math.max(0, plan.ageMs),
          }
        : null,
    };
  }
}

function seen(message: ObservationMessage, receivedAt: number): Seen {
  const { id, stamp, age_ms: statedAgeMs = 0, episode, step, reply } = message;
  const named = Object.entries(message.observation).map(([key, array]) => [key, array.data]);
  return { id, stamp, statedAgeMs, episode, step, reply, receivedAt, observation: Object.fromEntries(named) };
}

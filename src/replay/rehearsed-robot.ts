import type { Budgets } from "../control/budgets.js";
import { ControlLoop } from "../control/loop.js";
import type { Act, LoopSettings, Order, Seen } from "../control/loop-effects.js";
import type { Candidate, TickResult } from "../inference/tick.js";
import { width } from "../policy/manifest.js";
import type {
  AlarmEvent,
  CandidateEvent,
  HaltEvent,
  ObservationEvent,
  RefusalEvent,
  SolveEvent,
  TickRecord,
} from "../telemetry/loop-event.js";
import { actDifference, candidateDifference, orderDifference, resultDifference } from "./difference.js";
import type { RecordedOrder } from "./recorded-order.js";

/** Where a replay is not what was recorded. */
export interface Difference {
  readonly robot: string;
  readonly episode: number;
  readonly step: number;
  readonly what: string;
}

/** An order that has been solved again. */
export interface SolvedOrder {
  /** Undefined when the recording ends before the solve did. */
  readonly result: TickResult | undefined;
  readonly iterates: readonly Candidate[];
}

type Made = { readonly kind: "act"; readonly act: Act } | { readonly kind: "order"; readonly order: Order };

/** One robot's loop in a replay. What comes of its inputs is held against what was recorded to have come of them. */
export class RehearsedRobot {
  readonly #loop: ControlLoop;
  readonly #keys: LoopSettings["manifest"]["observation"];
  readonly #report: (difference: Difference) => void;
  readonly #solved = new Map<number, SolvedOrder>();
  /** What came of the input at hand and has not been met in the recording yet, in its order. */
  #made: Made[] = [];
  #alarm: AlarmEvent | undefined;
  #candidate: CandidateEvent | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;
  #episode = 0;
  #step = 0;

  constructor(
    readonly name: string,
    settings: Omit<LoopSettings, "session">,
    report: (difference: Difference) => void,
  ) {
    this.#keys = settings.manifest.observation;
    this.#report = report;
    this.#loop = new ControlLoop(
      { ...settings, session: name },
      {
        act: (act) => this.#made.push({ kind: "act", act }),
        order: (order) => this.#made.push({ kind: "order", order }),
        candidate: (order) => this.#candidateOf(order),
        wake: (at) => {
          this.#wakeAt = at;
        },
        begin: (episode) => {
          this.#episode = episode;
        },
        stop: () => {},
        refuse: () => {},
        admitted: () => {},
      },
    );
  }

  observed(event: ObservationEvent): void {
    const { at, id, stamp, statedAgeMs, episode, step, reply, receivedAt, values } = event;
    const observation: Record<string, Float64Array> = {};
    let from = 0;
    for (const { name, shape } of this.#keys) {
      observation[name] = values.subarray(from, from + width(shape));
      from += width(shape);
    }
    this.#tell(at, { id, stamp, statedAgeMs, episode, step, reply, receivedAt, observation });
  }

  /** An observation was refused. The loop knew of it if it is told in full: an episode may have begun with it. */
  refused({ at, id, observation }: RefusalEvent): void {
    if (id !== null && observation) this.#tell(at, { id, ...observation, observation: {} });
  }

  ordered({ event }: RecordedOrder, solved: SolvedOrder): void {
    this.#ring();
    this.#step = event.step;
    this.#solved.set(event.order, solved);
    const made = this.#made.shift();
    const difference =
      made?.kind === "order" ? orderDifference(made.order, event) : `${describe(made)} came of it instead`;
    if (difference) this.#differs(event.step, `order ${event.order}: ${difference}`);
  }

  /** The order's solve came to its end. */
  ended({ at, order, result: recorded }: SolveEvent, { event: { step } }: RecordedOrder): void {
    this.#begin();
    const result = this.#solved.get(order)?.result;
    this.#solved.delete(order);
    if (!result) return;
    const difference = resultDifference(result, recorded);
    if (difference) this.#differs(step, `the solve of order ${order}: ${difference}`);
    this.#loop.solved(at, order, { ...result, timings: recorded.timings });
  }

  /** The loop rings once it is known what it finds when it looks at its candidate, which is recorded after the alarm. */
  alarmed(event: AlarmEvent): void {
    this.#begin();
    this.#alarm = event;
  }

  halted({ at, reason }: HaltEvent): void {
    this.#begin();
    this.#loop.halt(at, reason);
  }

  adjusted(budgets: Budgets): void {
    this.#begin();
    this.#loop.adjust(budgets);
  }

  looked(event: CandidateEvent): void {
    this.#candidate = event;
  }

  acted(event: TickRecord): void {
    this.#ring();
    this.#step = event.step;
    const made = this.#made.shift();
    const difference =
      made?.kind === "act" ? actDifference(made.act, event) : `${describe(made)} came of it instead`;
    if (difference) this.#differs(event.step, difference);
  }

  left(): void {
    this.#begin();
    this.#loop.close("stopping", "the robot has left");
  }

  #tell(at: number, seen: Seen): void {
    this.#begin();
    this.#step = seen.step;
    this.#loop.observed(at, seen);
  }

  /** Before the next input: everything that came of the one before has been recorded. */
  #begin(): void {
    this.#ring();
    for (const made of this.#made) {
      const { step } = made.kind === "act" ? made.act : made.order;
      this.#differs(step, `${describe(made)} came of it, which was not recorded`);
    }
    this.#made = [];
  }

  #ring(): void {
    const alarm = this.#alarm;
    this.#alarm = undefined;
    if (!alarm) return;
    if (!Object.is(alarm.due, this.#wakeAt)) {
      this.#differs(this.#step, `the alarm is due at ${this.#wakeAt} ms instead of ${alarm.due} ms`);
    }
    this.#loop.alarm(alarm.at);
    if (this.#candidate) this.#differs(this.#step, `order ${this.#candidate.order} was not cut short again`);
    this.#candidate = undefined;
  }

  #candidateOf(order: number): Candidate | undefined {
    const recorded = this.#candidate;
    this.#candidate = undefined;
    if (recorded?.order !== order) {
      this.#differs(this.#step, `order ${order} is cut short, which was not recorded`);
      return undefined;
    }
    if (!recorded.candidate) return undefined;
    const { sweeps } = recorded.candidate;
    const again = this.#solved.get(order)?.iterates.find((iterate) => iterate.sweeps === sweeps);
    const difference = again ? candidateDifference(again, recorded.candidate) : "it did not get so far";
    if (difference) this.#differs(this.#step, `order ${order} after ${sweeps} sweeps: ${difference}`);
    return again;
  }

  #differs(step: number, what: string): void {
    this.#report({ robot: this.name, episode: this.#episode, step, what });
  }
}

function describe(made: Made | undefined): string {
  if (!made) return "nothing";
  return made.kind === "act" ? `an action (${made.act.rung})` : `order ${made.order.order}`;
}

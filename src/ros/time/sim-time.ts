import { monotonicMs } from "../../time/clock.js";
import { SimulatedClock } from "../../time/simulated-clock.js";
import type { RosGraph, RosSubscription } from "../graph.js";
import type { ClockHealth } from "../health.js";
import { SENSOR_QOS } from "../qos.js";
import { type Stamp, stampToMs } from "../stamp.js";

/** So long without getting on, by the wall clock, and `/clock` stands still. */
const STANDSTILL_MS = 2000;

/** Time goes back only by more than this: of two messages under way at once the older may come last. */
const BACK_MS = 50;

/** Steps of time above this are jumps: what fell due meanwhile rings once, at the end, instead of all in a row. */
const JUMP_MS = 1000;

export interface SimTimeOptions {
  /** Told when time was set back, and by how many ms: a simulator was reset, a bag begins anew. */
  readonly onBack?: (backMs: number) => void;
  /** The wall clock, monotonic, ms. */
  readonly wall?: () => number;
}

/**
 * The time that a simulator publishes on `/clock`, as a clock for the control loop.
 *
 * @example
 * const time = new SimTime(graph, { onBack: () => transport.begin() });
 * const node = new ControlNode(transport, host, { clock: time.clock, budgets, plan });
 * time.standstill(); // "/clock stands still at 12.300 s since 3 s"
 */
export class SimTime {
  /** Goes on from where it was when time is set back. */
  readonly clock = new SimulatedClock();
  /** Times that time was set back since the start. */
  jumpsBack = 0;
  readonly #wall: () => number;
  readonly #onBack: (backMs: number) => void;
  readonly #subscription: RosSubscription;
  #now: number | undefined;
  #movedAt: number;
  /** Where time is by now, while alarms of an earlier moment still ring. */
  #next: number | undefined;
  #isAdvancing = false;

  constructor(graph: RosGraph, { onBack, wall = monotonicMs }: SimTimeOptions = {}) {
    this.#wall = wall;
    this.#onBack = onBack ?? (() => {});
    this.#movedAt = wall();
    this.#subscription = graph.subscription("rosgraph_msgs/msg/Clock", "/clock", SENSOR_QOS, (message) =>
      this.#hear(stampToMs((message as { readonly clock: Stamp }).clock)),
    );
  }

  /** ROS time, ms; 0 before the first message. */
  now(): number {
    return this.#now ?? 0;
  }

  isRunning(): boolean {
    return this.#now !== undefined && this.#wall() - this.#movedAt <= STANDSTILL_MS;
  }

  /** Why time does not pass, in words for a person; undefined while it does. */
  standstill(): string | undefined {
    const stillMs = this.#wall() - this.#movedAt;
    if (stillMs <= STANDSTILL_MS) return undefined;
    const since = `${Math.floor(stillMs / 1000)} s`;
    return this.#now === undefined
      ? `nothing on /clock for ${since}; start the simulator, or set use_sim_time to false`
      : `/clock stands still at ${(this.#now / 1000).toFixed(3)} s since ${since}`;
  }

  health(): ClockHealth {
    const { jumpsBack } = this;
    const rosMs = this.now();
    if (this.#now === undefined) return { rosMs, jumpsBack };
    return { rosMs, silentMs: this.#wall() - this.#movedAt, jumpsBack };
  }

  close(): void {
    this.#subscription.close();
  }

  #hear(t: number): void {
    this.#next = t;
    // An alarm that rings may have the simulator publish its next moment.
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    try {
      while (this.#next !== undefined) {
        const next: number = this.#next;
        this.#next = undefined;
        this.#move(next);
      }
    } finally {
      this.#isAdvancing = false;
    }
  }

  #move(t: number): void {
    const before = this.#now;
    const back = before === undefined ? 0 : before - t;
    if (back === 0 && before !== undefined) return;
    if (back > 0 && back <= BACK_MS) return;
    this.#now = t;
    this.#movedAt = this.#wall();
    if (back > BACK_MS) {
      this.jumpsBack += 1;
      this.#onBack(back);
    }
    const ahead = before === undefined ? t : -back;
    if (ahead > JUMP_MS) this.clock.stall(ahead);
    this.clock.advanceTo(t);
  }
}

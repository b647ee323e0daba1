import type { SolveTimings } from "../inference/tick.js";
import type { TickRecord, TickStages } from "../telemetry/loop-event.js";

/** When the alarm of an action without observation was due, or the bytes of its observation arrived. */
interface Start {
  readonly receivedAt: number;
  readonly receive: number;
  history: number;
}

/** Measures where the time of each action goes. Times are of the injected clock, in milliseconds. */
export class Stopwatch {
  readonly #now: () => number;
  #start: Start | undefined;
  #lap = 0;
  #due = Number.NaN;
  #network = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A checked message is at hand. */
  received(receivedAt: number): void {
    this.#lap = this.#now();
    this.#start = { receivedAt, receive: this.#lap - receivedAt, history: 0 };
    this.#network = 0;
  }

  admitted(): void {
    const now = this.#now();
    if (this.#start) this.#start.history = now - this.#lap;
    this.#lap = now;
  }

  /** An alarm rang that was due at this moment. */
  rang(due: number): void {
    this.#lap = this.#now();
    this.#due = due;
  }

  /** A solve's end is at hand. */
  solved({ network }: SolveTimings): void {
    this.#lap = this.#now();
    this.#network = network;
  }

  /**
   * Sends the action and says where its time went.
   *
   * @param since when its observation was acquired, or when the clock was to act without one.
   */
  send(
    {
      trigger,
      since,
      timings,
    }: { readonly trigger: TickRecord["trigger"]; readonly since: number; readonly timings?: SolveTimings },
    send: () => void,
  ): Pick<TickRecord, "at" | "stages" | "endToEndMs" | "overheadMs"> {
    const decided = this.#now();
    send();
    const at = this.#now();
    const start = trigger === "clock" ? undefined : this.#start;
    const own = start && { receive: start.receive, history: start.history };
    const stages: TickStages = { ...own, ...timings, plan: decided - this.#lap, publish: at - decided };
    return { at, stages, endToEndMs: at - since, overheadMs: this.#overhead(trigger, at, start) };
  }

  /** The budgets' waits are not overhead, and the network's time is what the product is for. */
  #overhead(trigger: TickRecord["trigger"], at: number, start: Start | undefined): number {
    if (trigger === "clock" || !start) return at - this.#due;
    if (trigger === "deadline") return at - this.#due + start.receive + start.history;
    const total = at - start.receivedAt;
    // A solve that was begun before this observation came is only partly in its time.
    return trigger === "solve" ? Math.max(at - this.#lap, total - this.#network) : total;
  }
}

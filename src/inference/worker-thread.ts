import { Worker } from "node:worker_threads";
import { ConfigurationError } from "../policy/errors.js";
import { monotonicMs } from "../time/clock.js";
import { CallGate } from "./call-gate.js";
import type { AskedSolve, FromWorker, Readiness, ToWorker, WorkerStart } from "./protocol.js";
import type { SolverSettings } from "./settings.js";
import { SolveCell } from "./solve-cell.js";
import { type FailedTick, NO_TIME, type Solve, type TickRequest, type TickResult } from "./tick.js";

/** A hang is noticed by so many looks in a row without progress: a freeze of the whole process counts as one. */
const LOOKS = 4;
const FEWEST_HANG_MS = 2000;
/** Of the slowest sweep of the warm-up, when nobody says how long is too long. */
const HANG_SWEEPS = 10;

interface Open {
  readonly cell: SolveCell;
  readonly settle: (result: TickResult) => void;
}

/**
 * Main's side of one inference thread, from its start to its end. It ends once: by itself, by being found hung, or by
 * {@link abandon}; every open solve then settles as "worker-failed", and nothing that it still sends is heard.
 */
export class WorkerThread {
  /** Rejects with a ConfigurationError when the thread ends before it is ready. */
  readonly ready: Promise<Readiness>;
  readonly #worker: Worker;
  readonly #gate = new CallGate();
  readonly #values: number;
  readonly #onEnd: (message: string) => void;
  readonly #open = new Map<number, Open>();
  readonly #exited: Promise<void>;
  #refuse: (reason: ConfigurationError) => void = () => {};
  #hangMs: number | undefined;
  #ended: string | undefined;
  #looks: NodeJS.Timeout | undefined;
  #still = 0;
  #answered = 0;
  #progress = 0;

  /**
   * @param hangMs without a sweep or an answer, while solves are open, after which the thread counts as hung: 2 s or ten
   * times the slowest sweep of its warm-up unless told.
   * @param onEnd told why, once, before the open solves settle; not told of {@link abandon}.
   */
  constructor(
    start: Omit<WorkerStart, "gate">,
    hangMs: number | undefined,
    onEnd: (message: string) => void,
  ) {
    const { horizon, n_obs_steps, action } = start.manifest;
    this.#values = (horizon - n_obs_steps + 1) * action.length;
    this.#hangMs = hangMs;
    this.#onEnd = onEnd;
    const workerData: WorkerStart = { ...start, gate: this.#gate.shared };
    const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData });
    this.#worker = worker;
    this.#exited = new Promise((resolve) => worker.once("exit", () => resolve()));
    this.ready = new Promise((resolve, reject) => {
      this.#refuse = reject;
      worker.on("message", (message: FromWorker) => {
        if (message.kind === "ready") {
          const sweepMs = start.together * Math.max(...message.warmup.sweeps);
          this.#hangMs ??= Math.max(FEWEST_HANG_MS, HANG_SWEEPS * sweepMs);
          resolve(message);
        } else if (message.kind === "unusable") this.#lose(message.message);
        else if (message.kind === "lost") this.#lose(`the inference worker died: ${message.message}`);
        else this.#receive(message);
      });
    });
    // Who does not wait for it learns of the end through onEnd.
    this.ready.catch(() => {});
    worker.on("error", (error) => this.#lose(`the inference worker died: ${error.message}`));
    worker.on("exit", (code) => this.#lose(`the inference worker ended with code ${code}`));
  }

  /**
   * @param requests of different sessions, if there are several: they are solved together.
   * @param firstId of the first one; the next ones count up, and so do later calls.
   */
  solve(requests: readonly TickRequest[], firstId: number): readonly Solve[] {
    const ended = this.#ended;
    if (ended !== undefined) return requests.map(() => refused(ended));
    // The look that comes next may come at once.
    if (this.#open.size === 0) this.#still = -1;
    const begun = requests.map((request, k) => this.#prepare(request, firstId + k));
    this.#post({ kind: "solve", solves: begun.map(({ asked }) => asked) });
    this.#look();
    return begun.map(({ solve }) => solve);
  }

  #prepare(request: TickRequest, id: number): { readonly asked: AskedSolve; readonly solve: Solve } {
    const cell = new SolveCell(SolveCell.buffer(this.#values));
    const done = new Promise<TickResult>((settle) => this.#open.set(id, { cell, settle }));
    return {
      asked: { id, request, shared: cell.shared, sentAt: monotonicMs() },
      solve: { done, candidate: () => cell.candidate(), stop: () => cell.stop() },
    };
  }

  /** @param settings that the policy can be solved with. */
  adjust(settings: SolverSettings): void {
    this.#post({ kind: "adjust", settings });
  }

  forget(session: string): void {
    this.#post({ kind: "forget", session });
  }

  /** Ends every solve at its next sweep, and then the thread; without the thread's help if it is hung. */
  async close(): Promise<void> {
    for (const { cell } of this.#open.values()) cell.stop();
    this.#post({ kind: "close" });
    let patience: NodeJS.Timeout | undefined;
    const hung = new Promise<void>((resolve) => {
      patience = setTimeout(resolve, this.#hangMs ?? 0);
    });
    await Promise.race([this.#exited, hung]);
    clearTimeout(patience);
    this.abandon("the inference host is closed");
  }

  /** Lets go of the thread at once, whatever it is doing; within a network call it goes on to the end of that. */
  abandon(message: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = message;
    clearTimeout(this.#looks);
    this.#refuse(new ConfigurationError(message));
    // Not awaited: a thread that is stuck in a driver may never end.
    if (this.#gate.shut()) void this.#worker.terminate();
    this.#worker.unref();
    for (const { settle } of this.#open.values()) settle(failed(message));
    this.#open.clear();
  }

  #lose(message: string): void {
    if (this.#ended !== undefined) return;
    this.#onEnd(message);
    this.abandon(message);
  }

  #receive(message: Extract<FromWorker, { id: number }>): void {
    const open = this.#open.get(message.id);
    if (!open) return;
    this.#open.delete(message.id);
    // Counts what it published too, so that progress never goes back.
    this.#answered += 1 + open.cell.published;
    if (message.kind === "failed") open.settle(failed(message.message));
    else {
      const deliver = monotonicMs() - message.sentAt;
      open.settle({ ...message.result, timings: { ...message.result.timings, deliver } });
    }
  }

  /** Looks again and again while solves are open, whether any of them gets on. */
  #look(): void {
    if (this.#looks || this.#open.size === 0) return;
    const hangMs = this.#hangMs ?? FEWEST_HANG_MS;
    this.#looks = setTimeout(() => {
      this.#looks = undefined;
      let progress = this.#answered;
      for (const { cell } of this.#open.values()) progress += cell.published;
      this.#still = progress === this.#progress ? this.#still + 1 : 0;
      this.#progress = progress;
      if (this.#still < LOOKS) return this.#look();
      this.#lose(`the inference worker hangs: no sweep in ${hangMs.toFixed(0)} ms`);
    }, hangMs / LOOKS);
    this.#looks.unref();
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}

/** A solve that has failed before it began. */
export function refused(message: string): Solve {
  return { done: Promise.resolve(failed(message)), candidate: () => undefined, stop: () => {} };
}

function failed(message: string): FailedTick {
  return {
    outcome: "worker-failed",
    message,
    residual: Number.POSITIVE_INFINITY,
    sweeps: 0,
    evaluations: 0,
    timings: NO_TIME,
  };
}

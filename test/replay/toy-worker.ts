import { createHash } from "node:crypto";
import type { Inference } from "../../src/inference/inference.js";
import { runtimeSchema } from "../../src/inference/runtime.js";
import { type SolverSettings, solverSettingsSchema } from "../../src/inference/settings.js";
import type { Candidate, FailedTick, Solve, TickRequest, TickResult } from "../../src/inference/tick.js";
import type { Resolver } from "../../src/replay/rehearse.js";
import type { SimulatedClock } from "../../src/time/simulated-clock.js";
import { TIMINGS } from "../control/fake-host.js";
import { jointManifest } from "../policy/manifests.js";

export const TOY_MANIFEST = jointManifest({
  observation: [{ name: "position", shape: [1], unit: "rad" }],
  "normalizer.observation": { position: { min: [-4], max: [4] } },
});
const ROWS = 5;

/**
 * A solver whose chunks are digests of all that they depend on, so that a session which carries anything else, or a solve
 * of any other number of sweeps, shows in every later chunk.
 */
export class ToySolver implements Resolver {
  readonly #kept = new Map<string, string>();
  #tolerance: number | undefined;

  /** Solves sweep by sweep, pausing after each; ends when the pause says so. */
  *sweeps(request: TickRequest): Generator<Candidate, TickResult, "go on" | "stop"> {
    const { session, executed, maxSweeps = Number.POSITIVE_INFINITY } = request;
    const carried = executed === null ? undefined : this.#kept.get(session);
    if (maxSweeps <= 0) return this.#stopped(session, carried, 0, Number.POSITIVE_INFINITY);
    const seed = digest(carried, { ...request, maxSweeps: 0, tolerance: this.#tolerance });
    const needed = 1 + (Number.parseInt(seed.slice(0, 2), 16) % 4);
    for (let sweeps = 1; ; sweeps++) {
      const iterate = this.#iterate(seed, sweeps, needed, request);
      this.#kept.set(session, digest(seed, sweeps));
      const wish = yield iterate;
      if (sweeps === needed) return { outcome: "accepted", ...iterate, timings: TIMINGS };
      if (wish === "stop" || sweeps >= maxSweeps) {
        return this.#stopped(session, this.#kept.get(session), sweeps, iterate.residual);
      }
    }
  }

  /** Ends before the first sweep. */
  notBegun({ session, executed }: TickRequest): TickResult {
    const carried = executed === null ? undefined : this.#kept.get(session);
    return this.#stopped(session, carried, 0, Number.POSITIVE_INFINITY);
  }

  async solve(request: TickRequest, publish: (candidate: Candidate) => void): Promise<TickResult> {
    const sweeps = this.sweeps(request);
    for (;;) {
      const next = sweeps.next("go on");
      if (next.done) return next.value;
      publish(next.value);
    }
  }

  adjust({ tolerance }: SolverSettings): void {
    this.#tolerance = tolerance;
  }

  forget(session: string): void {
    this.#kept.delete(session);
  }

  restart(): void {
    this.#kept.clear();
  }

  #stopped(session: string, carried: string | undefined, sweeps: number, residual: number): TickResult {
    if (carried === undefined) this.#kept.delete(session);
    else this.#kept.set(session, carried);
    return failed("stopped", `ended after ${sweeps} sweeps`, sweeps, residual);
  }

  #iterate(seed: string, sweeps: number, needed: number, { executed, frozen }: TickRequest): Candidate {
    const values = Buffer.from(digest(seed, sweeps), "hex");
    // One chunk in 32 is not to be executed.
    const isWild = values[20] < 8;
    const actions = Float32Array.from({ length: ROWS }, (_, k) => (isWild ? values[k] : values[k] / 64 - 2));
    if (frozen) actions.set(frozen);
    const residual = sweeps === needed ? 0.01 : [0.02, 0.03, 0.2, 1][values[21] % 4];
    const start = executed === null ? "cold" : "warm";
    return { actions, clipped: 0, start, residual, sweeps, evaluations: 20 * sweeps };
  }
}

/** What befalls a solve. */
export type ToyFate = "accepted" | "slow" | "never" | "not finite" | "worker lost" | "wild";

export const HANG_MS = 700;
const START_MS = 150;

interface Job {
  readonly request: TickRequest;
  readonly fate: ToyFate;
  readonly sweepMs: number;
  isStopped: boolean;
  candidate: Candidate | undefined;
  settle(result: TickResult): void;
}

/** What is done between two solves. */
interface Errand {
  errand(): void;
}

/** The inference worker of a toy policy, in simulated time: it takes its orders one by one, is lost and replaced. */
export class ToyWorker implements Inference {
  readonly manifest = TOY_MANIFEST;
  settings = solverSettingsSchema.parse({});
  readonly runtime = runtimeSchema.parse({ threads: 1 });
  fate: ToyFate = "accepted";
  sweepMs = 10;
  readonly #clock: SimulatedClock;
  readonly #changed: (state: "lost" | "ready") => void;
  readonly #solver = new ToySolver();
  #jobs: (Job | Errand)[] = [];
  #cancel: (() => void) | undefined;
  #isDown = false;

  constructor(clock: SimulatedClock, changed: (state: "lost" | "ready") => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  solve(request: TickRequest): Solve {
    let settle: (result: TickResult) => void = () => {};
    const done = new Promise<TickResult>((resolve) => {
      settle = resolve;
    });
    const { fate, sweepMs } = this;
    const job: Job = { request, fate, sweepMs, isStopped: false, candidate: undefined, settle };
    if (this.#isDown) settle(failed("worker-failed", "it is being replaced", 0, Number.POSITIVE_INFINITY));
    else this.#take(job);
    const stop = () => {
      job.isStopped = true;
    };
    return { done, candidate: () => job.candidate, stop };
  }

  adjust(settings: SolverSettings): void {
    this.settings = settings;
    if (this.#isDown) this.#solver.adjust(settings);
    else this.#take({ errand: () => this.#solver.adjust(settings) });
  }

  forget(session: string): void {
    if (!this.#isDown) this.#take({ errand: () => this.#solver.forget(session) });
  }

  async close(): Promise<void> {
    this.#cancel?.();
    for (const job of this.#jobs) {
      if ("settle" in job) job.settle(failed("worker-failed", "it is closed", 0, Number.POSITIVE_INFINITY));
    }
    this.#jobs = [];
  }

  #take(job: Job | Errand): void {
    this.#jobs.push(job);
    if (this.#jobs.length === 1) this.#begin();
  }

  #begin(): void {
    const job = this.#jobs[0];
    if (!job) return;
    if ("errand" in job) {
      job.errand();
      this.#next();
    } else if (job.isStopped) this.#settle(job, this.#solver.notBegun(job.request));
    else if (job.fate === "never") this.#after(HANG_MS, () => this.#lose());
    else this.#sweep(job, this.#solver.sweeps(job.request));
  }

  #sweep(job: Job, sweeps: Generator<Candidate, TickResult, "go on" | "stop">): void {
    this.#after(job.fate === "slow" ? 20 * job.sweepMs : job.sweepMs, () => {
      if (job.fate === "not finite") {
        sweeps.next("go on");
        this.#solver.forget(job.request.session);
        this.#settle(job, failed("not-finite", "the network gave NaN", 1, Number.NaN));
        return;
      }
      const step = sweeps.next(job.isStopped ? "stop" : "go on");
      if (job.fate === "worker lost" && (step.done || step.value.sweeps > 1)) return this.#lose();
      if (step.done) return this.#settle(job, step.value);
      job.candidate = step.value;
      this.#sweep(job, sweeps);
    });
  }

  #settle(job: Job, result: TickResult): void {
    job.settle(result);
    this.#next();
  }

  #next(): void {
    this.#jobs.shift();
    this.#begin();
  }

  #lose(): void {
    this.#isDown = true;
    this.#changed("lost");
    const jobs = this.#jobs;
    this.#jobs = [];
    for (const job of jobs) {
      if ("settle" in job) job.settle(failed("worker-failed", "it died", 0, Number.POSITIVE_INFINITY));
    }
    this.#after(START_MS, () => {
      this.#solver.restart();
      this.#isDown = false;
      this.#changed("ready");
    });
  }

  #after(ms: number, then: () => void): void {
    this.#cancel = this.#clock.alarm(this.#clock.now() + ms, then);
  }
}

function digest(...parts: readonly unknown[]): string {
  const text = JSON.stringify(parts, (_, value) =>
    ArrayBuffer.isView(value) ? Array.from(value as never) : value,
  );
  return createHash("sha256").update(text).digest("hex");
}

function failed(
  outcome: FailedTick["outcome"],
  message: string,
  sweeps: number,
  residual: number,
): FailedTick {
  return { outcome, message, residual, sweeps, evaluations: 20 * sweeps, timings: TIMINGS };
}

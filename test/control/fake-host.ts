import type { Inference } from "../../src/inference/inference.js";
import { runtimeSchema } from "../../src/inference/runtime.js";
import { type SolverSettings, solverSettingsSchema } from "../../src/inference/settings.js";
import type {
  Candidate,
  FailedTick,
  Solve,
  SolvedTick,
  SolveTimings,
  TickRequest,
  TickResult,
} from "../../src/inference/tick.js";
import { jointManifest } from "../policy/manifests.js";

export const TIMINGS: SolveTimings = {
  queue: 0.1,
  normalise: 0.01,
  solve: 1.4,
  sweeps: [0.5, 0.4, 0.4],
  network: 1.2,
  denormalise: 0.02,
  deliver: 0.1,
};

/** A chunk of the joint policy, every action the same. */
export function solvedTick(action = 0): SolvedTick {
  return {
    outcome: "accepted",
    actions: new Float32Array(5).fill(action),
    clipped: 0,
    start: "cold",
    residual: 0.01,
    sweeps: 3,
    evaluations: 70,
    timings: TIMINGS,
  };
}

export function failedTick(outcome: FailedTick["outcome"]): FailedTick {
  return { outcome, message: `it is ${outcome}`, residual: 1, sweeps: 1, evaluations: 20, timings: TIMINGS };
}

export function candidateTick(residual: number, action = 0): Candidate {
  const { actions, clipped, start, evaluations } = solvedTick(action);
  return { actions, clipped, start, residual, sweeps: 2, evaluations };
}

/** An inference host whose answers the test gives, one request after another. */
export class FakeHost implements Inference {
  settings = solverSettingsSchema.parse({});
  readonly runtime = runtimeSchema.parse({ threads: 1 });
  readonly requests: TickRequest[] = [];
  readonly forgotten: string[] = [];
  /** What a running solve shows to whoever looks. */
  candidate: Candidate | undefined;
  stops = 0;
  closed = false;
  readonly #open: ((result: TickResult) => void)[] = [];

  /** @param always given at once to every request; without one they wait for {@link answer}. */
  constructor(
    readonly always?: TickResult,
    readonly manifest = jointManifest(),
  ) {}

  solve(request: TickRequest): Solve {
    this.requests.push(request);
    const done = this.always
      ? Promise.resolve(this.always)
      : new Promise<TickResult>((resolve) => this.#open.push(resolve));
    const stop = () => {
      this.stops += 1;
    };
    return { done, candidate: () => this.candidate, stop };
  }

  /** Answers the oldest open request. */
  answer(result: TickResult = solvedTick()): void {
    const resolve = this.#open.shift();
    if (!resolve) throw new Error("no request is open");
    resolve(result);
  }

  adjust(settings: SolverSettings): void {
    this.settings = settings;
  }

  forget(session: string): void {
    this.forgotten.push(session);
  }

  async close(): Promise<void> {
    this.closed = true;
    while (this.#open.length > 0) this.answer(failedTick("stopped"));
  }
}

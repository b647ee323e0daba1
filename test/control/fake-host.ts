import type { InferenceHost } from "../../src/inference/host.js";
import { runtimeSchema } from "../../src/inference/runtime.js";
import { solverSettingsSchema } from "../../src/inference/settings.js";
import type { FailedTick, SolvedTick, TickRequest, TickResult } from "../../src/inference/tick-solver.js";
import { jointManifest } from "../policy/manifests.js";

/** A chunk of the joint policy, every action the same. */
export function solvedTick(action = 0): SolvedTick {
  return {
    outcome: "accepted",
    actions: new Float32Array(5).fill(action),
    clipped: 0,
    start: "cold",
    residual: 0.01,
    sweeps: 4,
    evaluations: 70,
    solveMs: 1.5,
  };
}

export function failedTick(outcome: FailedTick["outcome"]): FailedTick {
  return { outcome, message: `it is ${outcome}`, residual: 1, sweeps: 1, evaluations: 20, solveMs: 1 };
}

/** An inference host whose answers the test gives, one request after another. */
export class FakeHost {
  readonly manifest = jointManifest();
  readonly settings = solverSettingsSchema.parse({});
  readonly runtime = runtimeSchema.parse({ threads: 1 });
  readonly requests: TickRequest[] = [];
  readonly forgotten: string[] = [];
  closed = false;
  readonly #open: ((result: TickResult) => void)[] = [];

  /** @param answer given at once to every request; without one they wait for {@link answer}. */
  constructor(readonly always?: TickResult) {}

  solve(request: TickRequest): Promise<TickResult> {
    this.requests.push(request);
    if (this.always) return Promise.resolve(this.always);
    return new Promise((resolve) => this.#open.push(resolve));
  }

  /** Answers the oldest open request. */
  answer(result: TickResult = solvedTick()): void {
    const resolve = this.#open.shift();
    if (!resolve) throw new Error("no request is open");
    resolve(result);
  }

  forget(session: string): void {
    this.forgotten.push(session);
  }

  async close(): Promise<void> {
    this.closed = true;
    while (this.#open.length > 0) this.answer(failedTick("stopped"));
  }

  /** As the control code takes it: a class with private parts that a stand-in cannot have. */
  get host(): InferenceHost {
    return this as unknown as InferenceHost;
  }
}

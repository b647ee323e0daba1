import { Worker } from "node:worker_threads";
import type { Bundle } from "../policy/bundle.js";
import { ConfigurationError, checked } from "../policy/errors.js";
import type { Manifest } from "../policy/manifest.js";
import type { Plan } from "./planner.js";
import type { FromWorker, ToWorker, WorkerStart } from "./protocol.js";
import { type Runtime, runtimeSchema } from "./runtime.js";
import { resolveSolver, type SolverOptions, type SolverSettings } from "./settings.js";
import type { FailedTick, TickRequest, TickResult } from "./tick-solver.js";

export interface HostOptions {
  readonly runtime?: Partial<Runtime>;
  readonly solver?: SolverOptions;
}

/**
 * Main's side of the inference worker: the network and every sweep run over there, so this thread never waits for them.
 *
 * @example
 * const host = await InferenceHost.start(await loadBundle("policies/pusht"));
 * const tick = await host.solve({ session: "arm", episode: 0, tick: 0, executed: null, observation, budgetMs: null });
 * await host.close();
 */
export class InferenceHost {
  readonly manifest: Manifest;
  readonly runtime: Runtime;
  readonly #wanted: SolverSettings;
  readonly #worker: Worker;
  readonly #stop: Int32Array;
  readonly #waiting = new Map<number, (result: TickResult) => void>();
  #warmupMs = 0;
  #plan: Plan | undefined;
  #nextId = 1;
  #ended: string | undefined;
  #announceEnd: (message: string) => void = () => {};
  /** Settles, with the reason, when the worker has ended and every further solve would fail. */
  readonly ended: Promise<string> = new Promise((resolve) => {
    this.#announceEnd = resolve;
  });

  private constructor(bundle: Bundle, options: HostOptions) {
    this.manifest = bundle.manifest;
    this.runtime = checked(runtimeSchema, options.runtime ?? {});
    this.#wanted = resolveSolver(options.solver ?? {}, bundle.calibration !== undefined);
    const stop = new SharedArrayBuffer(4);
    this.#stop = new Int32Array(stop);
    const workerData: WorkerStart = {
      manifest: bundle.manifest,
      network: bundle.network,
      statistics: bundle.statistics,
      calibration: bundle.calibration,
      runtime: this.runtime,
      settings: this.#wanted,
      stop,
    };
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { workerData });
  }

  /**
   * Starts the worker, loads the network, plans if the solver is "auto", and solves once to warm up; that solve counts
   * in no statistic.
   *
   * @throws ConfigurationError when the options are wrong, or the network cannot be loaded, does not fit the manifest or
   * fails to run.
   */
  static async start(bundle: Bundle, options: HostOptions = {}): Promise<InferenceHost> {
    const host = new InferenceHost(bundle, options);
    await new Promise<void>((resolve, reject) => {
      const give = (message: string) => {
        reject(new ConfigurationError(message));
        void host.#worker.terminate();
      };
      host.#worker.on("message", (message: FromWorker) => {
        if (message.kind === "ready") {
          host.#warmupMs = message.warmupMs;
          host.#plan = message.plan;
          resolve();
        } else if (message.kind === "unusable") give(message.message);
        else host.#settle(message);
      });
      host.#worker.on("error", (error) => {
        give(error.message);
        host.#end(`the inference worker died: ${error.message}`);
      });
      host.#worker.on("exit", (code) => {
        give(`the inference worker ended with code ${code} before it was ready`);
        host.#end(`the inference worker ended with code ${code}`);
      });
    });
    return host;
  }

  /** How chunks are solved; under "auto", what that came to. */
  get settings(): SolverSettings {
    return this.#plan?.settings ?? this.#wanted;
  }

  /** Why "auto" came to the solver in {@link settings}, and what was measured; undefined when a solver was named. */
  get plan(): Plan | undefined {
    return this.#plan;
  }

  /** Milliseconds that the warm-up solve took. */
  get warmupMs(): number {
    return this.#warmupMs;
  }

  /** Solves one tick in the worker; never rejects. Requests are solved in the order in which they were made. */
  solve(request: TickRequest): Promise<TickResult> {
    if (this.#ended) return Promise.resolve(failed(this.#ended));
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#post({ kind: "solve", id, request });
    });
  }

  /** Asks the worker to end every solve made so far at its next sweep; they settle with outcome "stopped". */
  stop(): void {
    Atomics.store(this.#stop, 0, this.#nextId - 1);
  }

  /** Drops the warm start of a session. */
  forget(session: string): void {
    this.#post({ kind: "forget", session });
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.stop();
    const exited = new Promise((resolve) => this.#worker.once("exit", resolve));
    this.#post({ kind: "close" });
    await exited;
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #settle(message: Extract<FromWorker, { id: number }>): void {
    this.#waiting.get(message.id)?.(message.kind === "solved" ? message.result : failed(message.message));
    this.#waiting.delete(message.id);
  }

  #end(message: string): void {
    this.#ended ??= message;
    this.#announceEnd(this.#ended);
    for (const resolve of this.#waiting.values()) resolve(failed(this.#ended));
    this.#waiting.clear();
  }
}

function failed(message: string): FailedTick {
  return {
    outcome: "worker-failed",
    message,
    residual: Number.POSITIVE_INFINITY,
    sweeps: 0,
    evaluations: 0,
    solveMs: 0,
  };
}

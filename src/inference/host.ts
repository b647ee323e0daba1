import type { Bundle } from "../policy/bundle.js";
import { ConfigurationError, checked } from "../policy/errors.js";
import type { Manifest } from "../policy/manifest.js";
import { monotonicMs } from "../time/clock.js";
import type { JointInference } from "./joint/rendezvous.js";
import type { Plan } from "./planner.js";
import type { Readiness } from "./protocol.js";
import { type ChosenRuntime, chooseProvider } from "./providers/choose-provider.js";
import { type Runtime, type WantedRuntime, wantedRuntimeSchema } from "./runtime.js";
import { createSolver, resolveSolver, type SolverOptions, type SolverSettings } from "./settings.js";
import type { Solve, TickRequest } from "./tick.js";
import type { WorkerFaults } from "./worker-faults.js";
import { refused, WorkerThread } from "./worker-thread.js";

/** Between two attempts to start a worker: 0, then this, then twice as long each time, up to the longest. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

export interface HostOptions {
  readonly runtime?: Partial<WantedRuntime>;
  readonly solver?: SolverOptions;
  /**
   * Milliseconds that the worker may go without finishing a sweep before it is replaced; noticed within a quarter more.
   * 2 s, or ten times the slowest sweep of its warm-up for each problem of a sweep if that is more, unless told.
   */
  readonly hangMs?: number;
  /** Most problems that are solved together, by {@link InferenceHost.solveTogether}; 1 unless told. */
  readonly together?: number;
  readonly faults?: WorkerFaults;
  /** Told when the worker is lost, when another one fails to start, and when one is ready again. */
  readonly onWorker?: (event: WorkerChange) => void;
}

export interface WorkerChange {
  readonly state: "lost" | "ready";
  readonly message: string;
}

/**
 * The inference worker, kept alive: the network and every sweep run over there, so this thread never waits for them. A
 * worker that dies or hangs is replaced; until the new one has warmed up, solves fail at once. What sessions carried is
 * lost with the old one: their next solve starts cold.
 *
 * @example
 * const host = await InferenceHost.start(await loadBundle("policies/pusht"));
 * const solve = host.solve({ session: "arm", episode: 0, tick: 0, executed: null, observation });
 * const tick = await solve.done;
 * await host.close();
 */
export class InferenceHost implements JointInference {
  readonly manifest: Manifest;
  readonly runtime: Runtime;
  /** Why the provider is the one in {@link runtime}, or what of the network it does not run; for people. */
  readonly providerNote: string | undefined;
  readonly #bundle: Bundle;
  readonly #options: HostOptions;
  /** As they are asked for, until "auto" has come to something. */
  #settings: SolverSettings;
  #plan: Plan | undefined;
  #warmupMs = 0;
  #solves = 0;
  /** Loading, or at work. */
  #thread: WorkerThread;
  /** Why solves fail at present; undefined when they do not. */
  #down: string | undefined = "the inference worker is starting";
  #isOpen = false;
  #pauseMs = 0;
  #restart: NodeJS.Timeout | undefined;

  private constructor(bundle: Bundle, options: HostOptions, chosen: ChosenRuntime, settings: SolverSettings) {
    this.manifest = bundle.manifest;
    this.runtime = chosen.runtime;
    this.providerNote = chosen.note;
    this.#bundle = bundle;
    this.#options = options;
    this.#settings = settings;
    this.#thread = this.#startThread();
  }

  /**
   * Tries the provider, or chooses one under "auto"; then starts the worker, loads the network, plans if the solver is
   * "auto", and solves once to warm up; that solve counts in no statistic.
   *
   * @throws ConfigurationError when the options are wrong, the provider does not work here, or the network cannot be loaded, does not fit the manifest or
   * fails to run.
   */
  static async start(bundle: Bundle, options: HostOptions = {}): Promise<InferenceHost> {
    const settings = resolveSolver(options.solver ?? {}, bundle.calibration !== undefined);
    const wanted = checked(wantedRuntimeSchema, options.runtime ?? {});
    const chosen = await chooseProvider(bundle, wanted, settings);
    const host = new InferenceHost(bundle, options, chosen, settings);
    host.#take(await host.#thread.ready);
    host.#isOpen = true;
    return host;
  }

  /** How chunks are solved; under "auto", what that came to. */
  get settings(): SolverSettings {
    return this.#settings;
  }

  /** Why "auto" came to the solver in {@link settings}, and what was measured; undefined when a solver was named. */
  get plan(): Plan | undefined {
    return this.#plan;
  }

  /** Milliseconds that the newest worker's warm-up solve took. */
  get warmupMs(): number {
    return this.#warmupMs;
  }

  solve(request: TickRequest): Solve {
    return this.#solve([request])[0];
  }

  /**
   * Begins to solve ticks of different sessions together: each sweep of all of them is one network call, and those that
   * have converged are in no further one. Chunks are those of {@link solve} up to rounding, which may differ with the size
   * of a batch.
   *
   * @throws RangeError for more requests than {@link HostOptions.together}, or two of one session.
   * @example
   * const host = await InferenceHost.start(bundle, { together: 2 });
   * const [left, right] = host.solveTogether([requestOfLeft, requestOfRight]);
   */
  solveTogether(requests: readonly TickRequest[]): readonly Solve[] {
    const { together = 1 } = this.#options;
    if (requests.length > together) {
      throw new RangeError(`the host solves ${together} problems together at most, not ${requests.length}`);
    }
    if (new Set(requests.map(({ session }) => session)).size < requests.length) {
      throw new RangeError(
        "two ticks of one session cannot be solved together: the second starts from the first",
      );
    }
    return this.#solve(requests);
  }

  #solve(requests: readonly TickRequest[]): readonly Solve[] {
    const down = this.#down;
    if (down !== undefined) return requests.map(() => refused(down));
    const firstId = this.#solves + 1;
    this.#solves += requests.length;
    return this.#thread.solve(requests, firstId);
  }

  adjust(settings: SolverSettings): void {
    const asked = settings.name === "auto" ? this.#planned(settings) : settings;
    const { rule, seed } = this.#settings;
    const { calibration } = this.#bundle;
    const resolved = resolveSolver({ ...asked, rule, seed }, calibration !== undefined);
    createSolver(resolved, calibration?.response);
    this.#settings = resolved;
    if (this.#down === undefined) this.#thread.adjust(resolved);
  }

  forget(session: string): void {
    if (this.#down === undefined) this.#thread.forget(session);
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#restart);
    const isWorking = this.#down === undefined;
    this.#down = "the inference host is closed";
    if (isWorking) await this.#thread.close();
    else this.#thread.abandon(this.#down);
  }

  /** Under "auto" the solver is what that came to: it is not measured again. */
  #planned({ coupling, warm }: SolverSettings): SolverSettings {
    if (!this.#plan) {
      throw new ConfigurationError(
        'the solver "auto" measures before it begins, and cannot be chosen while robots are served; name one',
      );
    }
    return { ...this.#plan.settings, coupling, warm };
  }

  #startThread(): WorkerThread {
    const { manifest, network, optimized, statistics, calibration } = this.#bundle;
    const { hangMs, faults, together = 1 } = this.#options;
    const start = {
      manifest,
      network,
      optimized,
      statistics,
      calibration,
      runtime: this.runtime,
      // A replacement solves as the one before did; measured again, "auto" might choose another solver.
      settings: this.settings,
      together,
      ...(faults ? { faults } : {}),
    };
    return new WorkerThread(start, hangMs, (message) => this.#lost(message));
  }

  #take({ warmup, plan }: Readiness): void {
    if (plan && !this.#plan) {
      this.#plan = plan;
      this.#settings = plan.settings;
    }
    this.#warmupMs = warmup.solve;
    this.#down = undefined;
    this.#pauseMs = 0;
  }

  #lost(reason: string): void {
    if (!this.#isOpen) return;
    this.#down = `the inference worker is being replaced: ${reason}`;
    this.#restart = setTimeout(() => void this.#replace(), this.#pauseMs);
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * this.#pauseMs));
    this.#options.onWorker?.({ state: "lost", message: reason });
  }

  async #replace(): Promise<void> {
    const began = monotonicMs();
    this.#thread = this.#startThread();
    let readiness: Readiness;
    try {
      readiness = await this.#thread.ready;
    } catch {
      return; // #lost has been told why
    }
    if (!this.#isOpen) return;
    this.#take(readiness);
    // They may have been changed while it was loading.
    this.#thread.adjust(this.#settings);
    const seconds = ((monotonicMs() - began) / 1000).toFixed(1);
    this.#options.onWorker?.({
      state: "ready",
      message: `a new inference worker is ready after ${seconds} s`,
    });
  }
}

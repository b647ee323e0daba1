import { conditioned } from "../inference/conditioned.js";
import { openNetwork, type PolicyNetwork } from "../inference/policy-network.js";
import { requireProvider } from "../inference/providers/try-provider.js";
import type { Runtime } from "../inference/runtime.js";
import type { SolverSettings } from "../inference/settings.js";
import type { Candidate, TickRequest, TickResult } from "../inference/tick.js";
import { TickSolver } from "../inference/tick-solver.js";
import type { Bundle } from "../policy/bundle.js";
import { monotonicMs } from "../time/clock.js";
import type { Resolver } from "./rehearse.js";

/**
 * Solves in this thread, as the worker would: with the same runtime, the same bits. onnxruntime's CPU provider gave them
 * from run to run with one thread and with two; another number of threads, or another machine, may round otherwise.
 */
export class LocalResolver implements Resolver {
  readonly #network: PolicyNetwork;
  readonly #create: (settings: SolverSettings) => TickSolver;
  readonly #budgetMs: number | null;
  #settings: SolverSettings;
  #solver: TickSolver;

  private constructor(
    network: PolicyNetwork,
    create: (settings: SolverSettings) => TickSolver,
    settings: SolverSettings,
    budgetMs: number | null,
  ) {
    this.#network = network;
    this.#settings = settings;
    this.#create = create;
    this.#budgetMs = budgetMs;
    this.#solver = create(settings);
  }

  /** @param budgetMs no further sweep is begun after this; null for as many as it takes. */
  static async open(
    bundle: Bundle,
    solver: SolverSettings,
    runtime: Runtime,
    budgetMs: number | null = null,
  ): Promise<LocalResolver> {
    const { manifest, calibration } = bundle;
    if (runtime.provider !== "cpu") await requireProvider(runtime);
    const network = await openNetwork(bundle, runtime);
    const denoiser = conditioned(network, manifest);
    return new LocalResolver(
      network,
      (settings) => new TickSolver(manifest, denoiser, settings, calibration),
      solver,
      budgetMs,
    );
  }

  solve(request: TickRequest, publish: (candidate: Candidate) => void = () => {}): Promise<TickResult> {
    const ends = monotonicMs() + (this.#budgetMs ?? Number.POSITIVE_INFINITY);
    let sweeps = 0;
    return this.#solver.solve(request, {
      // A solve that is never begun has nothing to compare.
      stopped: () => sweeps > 0 && monotonicMs() >= ends,
      publish: (candidate) => {
        sweeps += 1;
        publish(candidate);
      },
    });
  }

  forget(session: string): void {
    this.#solver.forget(session);
  }

  adjust(settings: SolverSettings): void {
    this.#settings = settings;
    this.#solver.adjust(settings);
  }

  restart(): void {
    this.#solver = this.#create(this.#settings);
  }

  close(): Promise<void> {
    return this.#network.close();
  }
}

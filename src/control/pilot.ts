import type { InferenceHost } from "../inference/host.js";
import type { TickResult } from "../inference/tick-solver.js";
import { History } from "../policy/history.js";
import { type Manifest, observationWidth, width } from "../policy/manifest.js";

/** One observation: a value list per key of the manifest, in its units. */
export type Observation = Readonly<Record<string, ArrayLike<number>>>;

/** The observations that one chunk answers. */
export interface View {
  /** Control step of the newest one. */
  readonly step: number;
  /** [To · O] in the manifest's units, oldest first. */
  readonly observation: Float64Array;
}

/**
 * One robot's view of a policy: keeps its observation history, counts its executed steps and asks the worker for chunks.
 *
 * @example
 * const pilot = new Pilot(host, "arm");
 * const problem = pilot.observe(0, { keypoints, agent_position });
 * if (problem) throw new Error(problem);
 * const tick = await pilot.plan();
 * if (isSolved(tick)) execute(tick.actions);
 */
export class Pilot {
  readonly #host: InferenceHost;
  readonly #manifest: Manifest;
  readonly #history: History;
  readonly #frame: Float64Array;
  #tick = 0;
  #episode = 0;
  /** Control step of the previous request; null when the next one starts cold. */
  #askedStep: number | null = null;

  constructor(
    host: InferenceHost,
    readonly session: string,
  ) {
    this.#host = host;
    this.#manifest = host.manifest;
    const size = observationWidth(host.manifest);
    this.#history = new History(host.manifest.n_obs_steps, size);
    this.#frame = new Float64Array(size);
  }

  /**
   * Begins an episode: forgets observations and warm start. The episode's number is part of the noise seed; without one
   * the next number is taken.
   */
  reset(episode: number = this.#episode + 1): void {
    this.#history.clear();
    this.#askedStep = null;
    this.#episode = episode;
    this.#tick = 0;
  }

  /**
   * Adds the observation of a control step. Returns what is wrong with it, naming key and index, or nothing; a wrong
   * observation leaves the history as it was.
   */
  observe(step: number, observation: Observation): string | undefined {
    if (!Number.isSafeInteger(step) || step < 0) return `step is ${step}; count control steps from 0`;
    let at = 0;
    for (const { name, shape, unit } of this.#manifest.observation) {
      const values = observation[name];
      const wanted = width(shape);
      if (!values) {
        return `observation "${name}" is missing; got ${Object.keys(observation).join(", ") || "nothing"}`;
      }
      if (values.length !== wanted) {
        return `observation "${name}" has ${values.length} values; the policy takes ${wanted} (${unit})`;
      }
      for (let k = 0; k < wanted; k++) {
        if (!Number.isFinite(values[k]))
          return `observation "${name}"[${k}] is ${values[k]}; check the sensor`;
        this.#frame[at++] = values[k];
      }
    }
    if (step < this.#history.newest) {
      return `observation of step ${step} came after that of step ${this.#history.newest}; begin a new episode to count from 0`;
    }
    this.#history.push(step, this.#frame);
    return undefined;
  }

  /** What the policy sees now; later observations do not change it. Throws before the first observation. */
  view(): View {
    if (this.#history.empty) throw new Error("there is nothing to plan from; call observe() first");
    const { steps, width: size, newest } = this.#history;
    return { step: newest, observation: this.#history.read(new Float64Array(steps * size)) };
  }

  /**
   * Solves a chunk for a view.
   *
   * @param budgetMs no further sweep is begun after this; null for none.
   */
  plan(view: View = this.view(), budgetMs: number | null = null): Promise<TickResult> {
    const executed = this.#askedStep === null ? null : view.step - this.#askedStep;
    // The worker solves in the order of the requests, so this is what it will hold when the next one's turn comes.
    this.#askedStep = view.step;
    return this.#host.solve({
      session: this.session,
      episode: this.#episode,
      tick: this.#tick++,
      executed,
      observation: view.observation,
      budgetMs,
    });
  }

  close(): void {
    this.#host.forget(this.session);
  }
}

import type { Inference } from "../inference/inference.js";
import type { Solve } from "../inference/tick.js";
import { type Observation, Sightings, type View } from "./sightings.js";

/**
 * One robot's view of a policy, for loops that decide for themselves: keeps the observation history, counts executed
 * steps and asks the worker for chunks. It has no budgets and no ladder; {@link ControlLoop} has.
 *
 * @example
 * const pilot = new Pilot(host, "arm");
 * const problem = pilot.observe(0, { keypoints, agent_position });
 * if (problem) throw new Error(problem);
 * const tick = await pilot.plan().done;
 * if (isSolved(tick)) execute(tick.actions);
 */
export class Pilot {
  readonly #inference: Inference;
  readonly #sightings: Sightings;
  #tick = 0;
  #episode = 0;
  /** Control step of the previous request; null when the next one starts cold. */
  #askedStep: number | null = null;

  constructor(
    inference: Inference,
    readonly session: string,
  ) {
    this.#inference = inference;
    this.#sightings = new Sightings(inference.manifest);
  }

  /**
   * Begins an episode: forgets observations and warm start. The episode's number is part of the noise seed; without one
   * the next number is taken.
   */
  reset(episode: number = this.#episode + 1): void {
    this.#sightings.clear();
    this.#askedStep = null;
    this.#episode = episode;
    this.#tick = 0;
  }

  /** Adds the observation of a control step: see {@link Sightings.observe}. */
  observe(step: number, observation: Observation): string | undefined {
    return this.#sightings.observe(step, observation);
  }

  /** What the policy sees now: see {@link Sightings.view}. */
  view(): View {
    return this.#sightings.view();
  }

  /** Has a chunk solved for a view. */
  plan(view: View = this.view()): Solve {
    const executed = this.#askedStep === null ? null : view.step - this.#askedStep;
    // The worker solves in the order of the requests, so this is what it will hold when the next one's turn comes.
    this.#askedStep = view.step;
    return this.#inference.solve({
      session: this.session,
      episode: this.#episode,
      tick: this.#tick++,
      executed,
      observation: view.observation,
    });
  }

  close(): void {
    this.#inference.forget(this.session);
  }
}

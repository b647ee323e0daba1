import type { TickRequest } from "../inference/tick.js";
import { joinedRanges, type Manifest } from "../policy/manifest.js";
import type { View } from "./sightings.js";

/**
 * Writes the requests of one robot's solves: counts its ticks, and the steps of the plan that were executed between their
 * observations, which is what the warm start is shifted by. A robot that is held does not get on with its plan.
 */
export class Requests {
  readonly #session: string;
  readonly #range: { readonly min: readonly number[]; readonly max: readonly number[] };
  #episode = 0;
  #tick = 0;
  #askedStep: number | null = null;
  /** Steps since then in which the robot went by its plan. */
  #executed = new Set<number>();

  constructor(manifest: Manifest, session: string) {
    this.#session = session;
    this.#range = joinedRanges(manifest);
  }

  begin(episode: number): void {
    this.#episode = episode;
    this.#tick = 0;
    this.#askedStep = null;
    this.#executed.clear();
  }

  /** An action has gone out. */
  acted(step: number, isPlanned: boolean): void {
    if (isPlanned) this.#executed.add(step);
    else this.#executed.delete(step);
  }

  /**
   * @param frozen [rows · D] actions that the chunk has to agree with, from the view's step on.
   * @param ahead steps by which the view is ahead of the robot.
   */
  next({ step, observation }: View, frozen?: Float64Array, ahead = 0): TickRequest {
    const asked = this.#askedStep;
    const now = step - ahead;
    // Behind a predicted observation there is nothing to shift by.
    const executed =
      asked === null || step < asked ? null : this.#count(asked, now) + Math.min(ahead, step - asked);
    this.#askedStep = step;
    for (const past of this.#executed) if (past < now) this.#executed.delete(past);
    const request = {
      session: this.#session,
      episode: this.#episode,
      tick: this.#tick++,
      executed,
      observation,
    };
    return frozen ? { ...request, frozen } : request;
  }

  #count(from: number, to: number): number {
    let count = 0;
    for (const step of this.#executed) if (step >= from && step < to) count += 1;
    return count;
  }

  /**
   * What the robot will have seen some steps later if everything goes on as in the last two observations. Only a start:
   * nothing solved on it is executed.
   */
  predicted({ step, observation }: View, ahead: number): View {
    const { min, max } = this.#range;
    const size = min.length;
    const frames = observation.length / size;
    const newest = (frames - 1) * size;
    const before = Math.max(0, newest - size);
    const seen = new Float64Array(observation.length);
    for (let frame = 0; frame < frames; frame++) {
      const later = ahead - (frames - 1 - frame);
      for (let k = 0; k < size; k++) {
        if (later <= 0) seen[frame * size + k] = observation[newest + later * size + k];
        else {
          const velocity = observation[newest + k] - observation[before + k];
          const there = observation[newest + k] + later * velocity;
          seen[frame * size + k] = Math.min(max[k], Math.max(min[k], there));
        }
      }
    }
    return { step: step + ahead, observation: seen };
  }
}

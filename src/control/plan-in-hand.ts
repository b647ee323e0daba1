import type { SolveFigures, SolveTimings } from "../inference/tick.js";
import type { Manifest } from "../policy/manifest.js";
import type { PlanFigures } from "../telemetry/loop-event.js";
import { Plan } from "./plan.js";
import type { PlanSettings } from "./plan-settings.js";

/** Chunks whose actions may still be in the plan: the newest, the one it takes over from, and one to spare. */
const SEAM_CHUNKS = 3;

/** A solve under way, with the observation that it answers. */
export interface Solving {
  readonly order: number;
  /** Control step of the chunk's first row. */
  readonly step: number;
  readonly isPredicted: boolean;
  /** Rows that are meant to be executed. */
  readonly executed: number;
  readonly deadline: number;
  readonly id: number;
  readonly stamp: number;
  /** When the observation was acquired, as far as can be told on this side. */
  readonly seenAt: number;
}

/** How a solve ended that gave a chunk. */
export interface Ending {
  readonly outcome: "accepted" | "budget";
  readonly start: "cold" | "warm";
  readonly figures: Pick<SolveFigures, "residual" | "sweeps" | "evaluations">;
  readonly solveMs: number;
  readonly timings?: SolveTimings;
}

/** A chunk in the plan. */
export interface Chunk extends Solving, Ending {
  /** An action of it has gone out. */
  isUsed: boolean;
}

/** The plan of one robot with what is known of the chunks behind it. */
export class PlanInHand {
  readonly #manifest: Manifest;
  readonly #plan: Plan;
  readonly #chunks = new Map<number, Chunk>();

  constructor(manifest: Manifest, { blend, blendSteps }: PlanSettings) {
    this.#manifest = manifest;
    this.#plan = new Plan({
      width: manifest.action.length,
      rows: manifest.horizon - manifest.n_obs_steps + 1,
      blend: { kind: blend, steps: blendSteps },
    });
  }

  /** Whether a chunk has been taken in since the beginning of the episode. */
  get hasBegun(): boolean {
    return this.#chunks.size > 0;
  }

  /** First step past those that the newest chunk was solved for. */
  get freshUntil(): number {
    return this.#plan.freshUntil;
  }

  clear(): void {
    this.#plan.clear();
    this.#chunks.clear();
  }

  /** From a step on the robot stands at `at`: see {@link Plan.hold}. */
  hold(from: number, at: Float32Array): void {
    this.#plan.hold(from, at);
  }

  /**
   * Goes over to a solved chunk from a step on: see {@link Plan.adopt}.
   *
   * @returns what is wrong with the chunk, if anything; it is not taken then.
   */
  adopt(solving: Solving, actions: Float32Array, ending: Ending, from: number): string | undefined {
    const { order, step, executed } = solving;
    const wild = actions.findIndex((value, k) => !this.#isAllowed(value, k));
    if (wild >= 0) {
      return `value ${wild} of the solved chunk is ${actions[wild]}, outside the limits of the actions`;
    }
    if (!this.#plan.adopt({ order, step, actions, executed }, from))
      return "the solved chunk came too late to be of use";
    this.#chunks.set(order, { ...solving, ...ending, isUsed: false });
    for (const old of this.#chunks.keys()) if (this.#chunks.size > SEAM_CHUNKS) this.#chunks.delete(old);
    return undefined;
  }

  /** The newest chunk behind the action of a step. */
  chunkAt(step: number): Chunk | undefined {
    const order = this.#plan.origin(step);
    return order === undefined ? undefined : this.#chunks.get(order);
  }

  /** [rows · D] a copy of the actions from a step on. */
  aheadFrom(step: number): Float32Array {
    return this.#plan.aheadFrom(step);
  }

  #isAllowed(value: number, k: number): boolean {
    const { action } = this.#manifest;
    const { min, max } = action[k % action.length];
    return value >= min && value <= max;
  }
}

export function figuresOf(chunk: Chunk, ageMs: number): PlanFigures {
  const { order, id, stamp, step, outcome, start, solveMs } = chunk;
  const { residual, sweeps, evaluations } = chunk.figures;
  return { order, id, stamp, step, ageMs, outcome, start, residual, sweeps, evaluations, solveMs };
}

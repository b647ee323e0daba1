import { type Blend, blendWeight } from "./blend.js";

/** A chunk on its way into a plan. */
export interface PlannedChunk {
  /** Counts the chunks of a robot in the order in which they were asked for. */
  readonly order: number;
  /** Control step of row 0. */
  readonly step: number;
  /** [rows · D] in physical units, finite. */
  readonly actions: Float32Array;
  /** Of these rows, how many are meant to be executed; the rest is for want of anything newer. */
  readonly executed: number;
}

/**
 * What one robot is to do, stitched together from chunks. An action belongs to a control step, and steps are counted as
 * they are executed: a chunk that comes late loses its first rows, whatever the clock says.
 *
 * @example
 * const plan = new Plan({ width: 2, rows: 15, blend: { kind: "quintic", steps: 4 } });
 * plan.adopt({ order: 0, step: 0, actions, executed: 8 }, 0);
 * plan.actionAt(3); // [2] of step 3
 */
export class Plan {
  readonly #width: number;
  readonly #blend: Blend;
  /** What is known from `#first` on: the plan, or the one action that the robot stands at. */
  #rows: Float32Array;
  #spare: Float32Array;
  #known = 0;
  #first = 0;
  #end = 0;
  #freshUntil = 0;
  #order = Number.NEGATIVE_INFINITY;

  /** @param options `rows`: the most that a chunk can have. */
  constructor(options: { readonly width: number; readonly rows: number; readonly blend: Blend }) {
    this.#width = options.width;
    this.#blend = options.blend;
    this.#rows = new Float32Array(options.rows * options.width);
    this.#spare = new Float32Array(options.rows * options.width);
  }

  /** First step past the part of the newest chunk that is meant to be executed; 0 without a plan. */
  get freshUntil(): number {
    return this.#freshUntil;
  }

  /** First step past the last row; 0 without a plan. */
  get end(): number {
    return this.#end;
  }

  /**
   * Goes over to a chunk from step `from` on, the next one to be executed: blended with what the plan said of these steps
   * before, its last action where it said nothing more.
   *
   * @returns false, and nothing has changed, when the chunk says nothing of step `from` or is older than the one in hand,
   * or when `from` goes back.
   */
  adopt(chunk: PlannedChunk, from: number): boolean {
    const { order, step, actions } = chunk;
    const end = step + actions.length / this.#width;
    if (order < this.#order || from < this.#first || from < step || from >= end) return false;
    for (let s = from; s < end; s++) this.#stitch(actions.subarray((s - step) * this.#width), s, from);
    [this.#rows, this.#spare] = [this.#spare, this.#rows];
    this.#order = order;
    this.#first = from;
    this.#known = end - from;
    this.#end = end;
    this.#freshUntil = Math.min(step + chunk.executed, end);
    return true;
  }

  #stitch(row: Float32Array, step: number, from: number): void {
    const weight = this.#known === 0 ? 1 : blendWeight(this.#blend.kind, step - from + 1, this.#blend.steps);
    const before = Math.min(step - this.#first, this.#known - 1) * this.#width;
    const target = (step - from) * this.#width;
    for (let d = 0; d < this.#width; d++) {
      // In this form rounding never leaves the interval between the two.
      this.#spare[target + d] =
        weight === 1 ? row[d] : (1 - weight) * this.#rows[before + d] + weight * row[d];
    }
  }

  /**
   * From step `from` on the robot stands at `at` [D] instead of going by the plan, which ends here: what the next chunk is
   * blended from.
   */
  hold(from: number, at: Float32Array): void {
    this.#rows.set(at);
    this.#known = 1;
    this.#first = from;
    this.#end = from;
    this.#freshUntil = from;
  }

  /** Forgets everything; the next chunk is taken as it is, whatever its order. */
  clear(): void {
    this.#known = 0;
    this.#first = 0;
    this.#end = 0;
    this.#freshUntil = 0;
    this.#order = Number.NEGATIVE_INFINITY;
  }

  /** [D] the action of a step, valid until the plan changes; undefined where the plan says nothing. */
  actionAt(step: number): Float32Array | undefined {
    if (!this.#covers(step)) return undefined;
    const at = (step - this.#first) * this.#width;
    return this.#rows.subarray(at, at + this.#width);
  }

  /** [rows · D] a copy of the actions from a step on; empty where the plan says nothing. */
  aheadFrom(step: number): Float32Array {
    if (!this.#covers(step)) return new Float32Array(0);
    return this.#rows.slice((step - this.#first) * this.#width, (this.#end - this.#first) * this.#width);
  }

  /** The chunk, by its order, that the action of a step derives from: the newest with a weight in it. */
  origin(step: number): number | undefined {
    return this.#covers(step) ? this.#order : undefined;
  }

  #covers(step: number): boolean {
    return step >= this.#first && step < this.#end;
  }
}

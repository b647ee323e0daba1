import type { ChunkNoise } from "../noise.js";
import type { Rule } from "../rules/rule.js";
import { type Block, crossBlock } from "./block.js";
import { largestChange } from "./solver.js";
import { rebuildStates } from "./states.js";

/** One fine solve through a block, from its left end of one iteration. */
export interface Flight {
  readonly block: number;
  iteration: number;
  /** The step that comes next; the block's end when the flight has landed. */
  step: number;
  /** [2n] the state before that step, and the prediction of the step before it. */
  readonly at: Float64Array;
  /** What {@link Pipeline.change} says of the left end it set out from. */
  change: number;
  /** [2n] where the coarse step from the same left end lands, and its prediction: known after the first step. */
  readonly coarse: Float64Array;
}

/**
 * What Parareal has under way: which fine solve stands where, which block ends are known from which iteration, and so
 * which states may be evaluated next. It is driven by what is known, not by a time table.
 *
 * Two flights per block and one copy of every end are enough, provided that blocks have two steps or more and none is
 * longer than the one before: iterations then follow each other through a block at a distance of at least one sweep, so
 * that an end is taken up before the next iteration replaces it, and two of them by at least the length of the block, so
 * that a flight is accounted for before its place is taken.
 */
export class Pipeline {
  /** [steps · n] the newest prediction of every step. */
  readonly clean: Float64Array;
  readonly #rule: Rule;
  readonly #noise: ChunkNoise;
  readonly #size: number;
  readonly #blocks: readonly Block[];
  /** Two per block, used by turns: iteration k is flown by number k mod 2. */
  readonly #flights: readonly (readonly [Flight, Flight])[];
  /** [2n] each: the newest left end of every block, then the end of the chain. */
  readonly #ends: readonly Float64Array[];
  /** The iteration each of these ends is from; -1 while there is none. */
  readonly #known: Int32Array;
  /** What {@link Pipeline.change} says of each of these ends. */
  readonly #changes: Float64Array;
  /** Flights that each block has seen begin, and land. */
  readonly #begun: Int32Array;
  readonly #landed: Int32Array;
  readonly #ready: Flight[] = [];

  /** @param start [steps · n] a guess of every prediction, from which all first ends are rebuilt. */
  constructor(
    rule: Rule,
    noise: ChunkNoise,
    size: number,
    blocks: readonly Block[],
    start: Float64Array | undefined,
  ) {
    const count = blocks.length;
    const pair = () => new Float64Array(2 * size);
    this.#rule = rule;
    this.#noise = noise;
    this.#size = size;
    this.#blocks = blocks;
    this.#flights = blocks.map(({ to }, block) => {
      const landed = () => ({ block, iteration: -1, step: to, change: 0, at: pair(), coarse: pair() });
      return [landed(), landed()] as const;
    });
    this.#ends = Array.from({ length: count + 1 }, pair);
    this.#known = new Int32Array(count + 1).fill(-1, 1);
    this.#changes = new Float64Array(count + 1);
    this.#begun = new Int32Array(count);
    this.#landed = new Int32Array(count);
    this.clean = start ? start.slice() : new Float64Array(rule.steps * size);
    this.#ends[0].set(noise.initial);
    if (start) this.#rebuildEnds(start);
  }

  #rebuildEnds(start: Float64Array): void {
    const size = this.#size;
    const states = new Float64Array((this.#rule.steps + 1) * size);
    rebuildStates(this.#rule, this.#noise, start, size, states);
    for (const [block, { to }] of this.#blocks.entries()) {
      this.#ends[block + 1].set(states.subarray(to * size, (to + 1) * size));
      this.#ends[block + 1].set(start.subarray((to - 1) * size, to * size), size);
    }
    this.#known.fill(0);
  }

  /**
   * The largest change, since the iteration before, of a prediction at the left end of any block that led to this end.
   */
  get change(): number {
    return this.#changes[this.#blocks.length];
  }

  /** [2n] the end of the chain: the chunk of the newest iteration. */
  get end(): Float64Array {
    return this.#ends[this.#blocks.length];
  }

  /**
   * The flights whose next state goes into the next call; it is overwritten by the next call of this method.
   *
   * @param pipelined everything that can go on. Otherwise an iteration waits for the one before: its coarse steps are
   * taken one at a time, and only then its fine steps.
   */
  ready(pipelined: boolean): readonly Flight[] {
    this.#ready.length = 0;
    const iteration = this.#known[this.#blocks.length];
    for (const flights of this.#flights) {
      for (const flight of flights) {
        const flying = flight.step < this.#blocks[flight.block].to;
        if (flying && (pipelined || flight.iteration <= iteration)) this.#ready.push(flight);
      }
    }
    if (pipelined || this.#ready.length === 0) {
      for (let block = 0; block < this.#blocks.length; block++) this.#begin(block);
    }
    return this.#ready;
  }

  /** Begins a fine solve from a block's left end if that is new. */
  #begin(block: number): void {
    const iteration = this.#begun[block];
    if (this.#known[block] !== iteration) return;
    const flight = this.#flights[block][iteration % 2];
    flight.iteration = iteration;
    flight.step = this.#blocks[block].from;
    flight.change = this.#changes[block];
    flight.at.set(this.#ends[block]);
    this.#begun[block] += 1;
    this.#ready.push(flight);
  }

  /**
   * Takes a flight's next step with the prediction [n] at its state. The first one is the coarse step's prediction too.
   */
  advance(flight: Flight, prediction: Float64Array): void {
    const size = this.#size;
    const { at, step } = flight;
    const { from, to } = this.#blocks[flight.block];
    if (step === from) crossBlock(this.#blocks[flight.block], at, prediction, flight.coarse);
    const { state: a, clean: b, previous: c, noise: s } = this.#rule;
    for (let d = 0; d < size; d++) {
      const noise = s[step] * this.#noise.steps[step * size + d];
      at[d] = a[step] * at[d] + b[step] * prediction[d] + c[step] * at[size + d] + noise;
      at[size + d] = prediction[d];
    }
    this.clean.set(prediction, step * size);
    flight.step += 1;
    if (flight.step === to) this.#landed[flight.block] += 1;
  }

  /**
   * Moves every block end on to its next iteration where what it takes has become known:
   *
   *     U[i+1] of iteration k = fine(U[i] of k-1) + coarse(U[i] of k) - coarse(U[i] of k-1)
   *
   * @returns the iteration that the end of the chain has reached, if it did so now.
   */
  correct(): number | undefined {
    const count = this.#blocks.length;
    const before = this.#known[count];
    for (let block = 0; block < count; block++) while (this.#correctEnd(block));
    return this.#known[count] === before ? undefined : this.#known[count];
  }

  #correctEnd(block: number): boolean {
    const iteration = this.#known[block + 1] + 1;
    // A left end is exact from iteration `block` on, and so is what was flown from it.
    const exact = iteration === block + 1;
    if (iteration > block + 1 || this.#landed[block] < iteration) return false;
    if (!exact && this.#begun[block] <= iteration) return false;

    const size = this.#size;
    const end = this.#ends[block + 1];
    const next = this.#flights[block][iteration % 2];
    const last = this.#flights[block][(iteration + 1) % 2];
    let change = 0;
    if (exact) end.set(last.at);
    else if (iteration === 0) end.set(next.coarse);
    else {
      for (let d = 0; d < 2 * size; d++) end[d] = last.at[d] + next.coarse[d] - last.coarse[d];
      change = Math.max(next.change, largestChange(next.coarse, last.coarse, size, 2 * size));
    }
    this.#changes[block + 1] = change;
    this.#known[block + 1] = iteration;
    return true;
  }
}

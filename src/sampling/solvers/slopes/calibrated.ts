import { addProduct, project, type Response } from "../../response.js";
import type { Rule } from "../../rules/rule.js";
import type { SweepBatch } from "../sweep-batch.js";
import { linearRemaining } from "./scalar.js";
import { Secants } from "./secants.js";
import type { Slope, SlopeFactory, Sweep } from "./slope.js";

/**
 * Where probes stand, as shares of all noise levels from the clean end, by measurement on a PushT policy. Noisier levels
 * hardly respond, and at level 0 the network is too rough for a finite difference to speak for its neighbours.
 */
const PROBED = [0.17, 0.11, 0.06, 0.01];
/** From here on, at noisier levels, the mean response is as good as a probed one. */
const UNPROBED = 0.39;
/**
 * Error left per squared movement, both in action units, that is exceeded by one solve in a hundred:
 * `parapilot bench acceptance`.
 */
const CURVATURE = 4.2;
/** A movement that is more than this share of the one before is not Newton's method at work: the slope is wrong here. */
const SLOW = 0.5;
/** Length of a probe's step in normalised units; 0.02 to 0.25 do equally well. */
export const PROBE_STEP = 0.05;

/**
 * The policy's own mean Jacobian at every level, corrected along its first `probes` directions by what the network says
 * where the solve is: finite differences at four levels, evaluated along with the sweep's batch. The differences from
 * the mean are interpolated between those levels, because neighbouring levels respond alike.
 */
export function calibrated(response: Response, probes: number): SlopeFactory {
  return (rule, size) => new CalibratedSlope(response, Math.min(probes, response.rank), rule, size);
}

/** Most rows that the probes of a calibrated slope add to a batch. */
export function probeRows(response: Response, probes: number): number {
  return PROBED.length * Math.min(probes, response.rank);
}

class CalibratedSlope implements Slope {
  readonly #response: Response;
  readonly #rule: Rule;
  readonly #size: number;
  readonly #probes: number;
  /** Steps at which probes stand, noisiest first. */
  readonly #posts: readonly number[];
  /** [steps · posts] how much each post's deviation counts at a step. */
  readonly #weights: Float64Array;
  /** [posts · n · probes] probed less mean response. */
  readonly #deviation: Float64Array;
  readonly #coordinates: Float64Array;
  readonly #probe: Float64Array;
  /** [posts] first row of each post's probes in the batch; -1 when it was not probed. */
  readonly #row: Int32Array;
  readonly #secants: Secants;
  #movement = Number.POSITIVE_INFINITY;
  /** The last movement's share of the one before. */
  #ratio = 0;

  constructor(response: Response, probes: number, rule: Rule, size: number) {
    const levels = response.slope.length / response.basis.length;
    this.#response = response;
    this.#rule = rule;
    this.#size = size;
    this.#probes = probes;
    this.#posts = postsOf(rule, levels);
    this.#weights = weightsOf(rule, levels, this.#posts);
    this.#row = new Int32Array(this.#posts.length).fill(-1);
    this.#deviation = new Float64Array(this.#posts.length * size * probes);
    this.#coordinates = new Float64Array(response.rank);
    this.#probe = new Float64Array(size);
    this.#secants = new Secants(rule.steps, size);
  }

  ask({ first, states, unsettled }: Sweep, batch: SweepBatch): void {
    const { basis, rank } = this.#response;
    for (let p = 0; p < this.#posts.length; p++) {
      const post = this.#posts[p];
      this.#row[p] = -1;
      if (post < first || unsettled[post] === 0) continue;
      for (let direction = 0; direction < this.#probes; direction++) {
        for (let k = 0; k < this.#size; k++) {
          this.#probe[k] = states[post * this.#size + k] + PROBE_STEP * basis[k * rank + direction];
        }
        const row = batch.addProbe(this.#probe, this.#rule.level[post]);
        if (direction === 0) this.#row[p] = row;
      }
    }
  }

  learn(sweep: Sweep, batch: SweepBatch): void {
    this.#learnProbed(sweep, batch);
    // From a guess to the chain is too far for a secant to say what the slope is here.
    if (this.#probes === 0 || sweep.isGuess) return;
    const wrong = this.#ratio >= SLOW ? this : undefined;
    for (const step of batch.askedSteps()) this.#secants.see(step, sweep, wrong);
  }

  #learnProbed({ clean }: Sweep, { predictions }: SweepBatch): void {
    const { rank, slope } = this.#response;
    const size = this.#size;
    for (let p = 0; p < this.#posts.length; p++) {
      if (this.#row[p] < 0) continue;
      const post = this.#posts[p];
      const mean = this.#rule.level[post] * size * rank;
      for (let direction = 0; direction < this.#probes; direction++) {
        const row = (this.#row[p] + direction) * size;
        for (let k = 0; k < size; k++) {
          const change = (predictions[row + k] - clean[post * size + k]) / PROBE_STEP;
          const deviation = change - slope[mean + k * rank + direction];
          this.#deviation[(p * size + k) * this.#probes + direction] = deviation;
        }
      }
    }
  }

  /**
   * With probes this is Newton's method: what is left goes with the square of what was moved. The mean alone is not. And
   * no sweep is trusted to do better than the last: movements that shrink by a ratio r have r/(1 - r) of the last one to
   * go, and those that do not shrink may go anywhere.
   */
  remaining(movement: number, surprise: number): number {
    const ratio = movement === 0 ? 0 : movement / this.#movement;
    this.#movement = movement;
    this.#ratio = ratio;
    if (this.#probes === 0) return linearRemaining(movement, surprise);
    if (ratio >= 1) return Number.POSITIVE_INFINITY;
    return Math.max(CURVATURE * movement ** 2, (movement * ratio) / (1 - ratio));
  }

  add(i: number, moved: Float64Array, out: Float64Array, at: number): void {
    const { rank, slope } = this.#response;
    const size = this.#size;
    const along = this.#coordinates;
    project(this.#response, moved, 0, along);
    addProduct(slope, this.#rule.level[i] * size * rank, rank, along, rank, 1, out, at, size);
    for (let p = 0; p < this.#posts.length; p++) {
      const weight = this.#weights[i * this.#posts.length + p];
      if (weight === 0) continue;
      const block = p * size * this.#probes;
      addProduct(this.#deviation, block, this.#probes, along, this.#probes, weight, out, at, size);
    }
    this.#secants.add(i, moved, out, at);
  }
}

/** Where a response is probed: the step nearest to each probed level, noisiest first, none twice. */
export function postsOf(rule: Rule, levels: number): number[] {
  const nearest = PROBED.map((share) => {
    const distance = Array.from(rule.level, (level) => Math.abs(level - share * levels));
    return distance.indexOf(Math.min(...distance));
  });
  return [...new Set(nearest)].sort((a, b) => a - b);
}

/**
 * [steps · posts] how much what was probed at each post counts at a step: linear between posts, fading out towards noisier
 * levels, held towards cleaner ones.
 */
export function weightsOf(rule: Rule, levels: number, posts: readonly number[]): Float64Array {
  const weights = new Float64Array(rule.steps * posts.length);
  const level = (p: number) => rule.level[posts[p]];
  const last = posts.length - 1;
  for (let i = 0; i < rule.steps; i++) {
    const here = rule.level[i];
    const after = posts.findIndex((_, p) => here >= level(p));
    const row = i * posts.length;
    if (after < 0) weights[row + last] = 1;
    else if (after > 0) {
      const share = (here - level(after)) / (level(after - 1) - level(after));
      weights[row + after] = 1 - share;
      weights[row + after - 1] = share;
    } else {
      const fade = UNPROBED * levels - level(0);
      weights[row] = fade > 0 ? Math.max(0, 1 - (here - level(0)) / fade) : Number(here === level(0));
    }
  }
  return weights;
}

import type { GraphBuilder } from "../optimize/graph-builder.js";
import { ConfigurationError } from "../policy/errors.js";
import type { Response } from "../sampling/response.js";
import type { Rule } from "../sampling/rules/rule.js";
import { calibrated, PROBE_STEP, postsOf, weightsOf } from "../sampling/solvers/slopes/calibrated.js";
import { linearRemaining } from "../sampling/solvers/slopes/scalar.js";
import { changeGain, directionGain } from "./gains.js";

/** The slope of every step: [steps] numbers, or the policy's mean response, corrected by probes. */
export type Slopes = Float64Array | ProbedResponse;

export interface ProbedResponse {
  readonly response: Response;
  /** Directions that are probed at each post; 0 leaves the mean as it is. */
  readonly probes: number;
  /** In which what the probes found is worked into a sweep; {@link ROUNDS} unless told. */
  readonly rounds?: number;
}

/** The linear model of a sweep, as nodes of a graph. */
export interface LinearModel {
  /** The step of every row that the model wants asked beside a sweep's own. */
  readonly probeSteps: readonly number[];
  /** The states of a sweep [steps, n], and after them those of these rows. */
  asked(states: string): string;
  /**
   * What the clean predictions [steps, n] of a sweep change by.
   *
   * @param surprise [steps, n] predictions less what was expected.
   * @param predictions [steps + probes, n] for the states that were asked.
   */
  change(surprise: string, predictions: string): string;
}

/** Of one matrix, as float32: a device reads all of it several times in a sweep. */
const MOST_BYTES = 64 * 2 ** 20;

/** Of a response, for one matrix over all steps to stay within {@link MOST_BYTES}. */
export function mostDirections({ steps }: Rule): number {
  return Math.floor(Math.sqrt(MOST_BYTES / 4) / steps);
}

/** The step of every row that a sweep asks beside its own, to probe the slope. */
export function probedSteps(slopes: Slopes, rule: Rule): number[] {
  if (slopes instanceof Float64Array) return [];
  const { response, probes } = slopes;
  const each = Math.min(probes, response.rank);
  return each > 0
    ? postsOf(rule, levelsOf(response)).flatMap((post) => new Array<number>(each).fill(post))
    : [];
}

/** What a sweep with these slopes leaves to change, from its largest movement and surprise, as the solver estimates it. */
export function remainingWith(
  slopes: Slopes,
  rule: Rule,
  size: number,
): (movement: number, surprise: number) => number {
  if (slopes instanceof Float64Array) return linearRemaining;
  const slope = calibrated(slopes.response, slopes.probes)(rule, size);
  return (movement, surprise) => slope.remaining(movement, surprise);
}

/** @throws ConfigurationError when the chain and the directions of the response are too many for one matrix. */
export function linearModel(graph: GraphBuilder, rule: Rule, size: number, slopes: Slopes): LinearModel {
  if (!(slopes instanceof Float64Array)) return new ResponseModel(graph, rule, size, slopes);
  const gain = graph.floats([rule.steps, rule.steps], changeGain(rule, slopes));
  return {
    probeSteps: [],
    asked: (states) => states,
    change: (surprise) => graph.op("MatMul", [gain, surprise]),
  };
}

/**
 * Each round carries what the probes found further down the chain, and all of them as far as the solver does in one go. On PushT
 * five leave 0.001 of it after a first sweep at the most, 0.00001 at the median, which is less than the sweep leaves.
 */
const ROUNDS = 5;

/**
 * The mean response makes a sweep's chain a constant matrix. What the probes found at this sweep does not: it is put in as a
 * further surprise at the movement of the round before.
 */
class ResponseModel implements LinearModel {
  readonly probeSteps: readonly number[];
  readonly #graph: GraphBuilder;
  readonly #steps: number;
  readonly #size: number;
  readonly #rank: number;
  readonly #probes: number;
  readonly #rounds: number;
  readonly #posts: readonly number[];
  readonly #directions: string;
  readonly #along: string;
  readonly #response: string;
  readonly #found: { readonly weights: string; readonly mean: string; readonly strides: string } | undefined;

  constructor(graph: GraphBuilder, rule: Rule, size: number, slopes: ProbedResponse) {
    const { response, probes, rounds = ROUNDS } = slopes;
    const { basis, rank } = response;
    const { steps } = rule;
    if (rank > mostDirections(rule)) {
      const mebibytes = Math.ceil((4 * (steps * rank) ** 2) / 2 ** 20);
      throw new ConfigurationError(
        `${rank} directions of the response over ${steps} steps take a matrix of ${mebibytes} MiB in the graph; ` +
          `take at most ${mostDirections(rule)} directions, or one number per step`,
      );
    }
    this.#graph = graph;
    this.#rounds = rounds;
    this.#steps = steps;
    this.#size = size;
    this.#rank = rank;
    this.#probes = Math.min(probes, rank);
    this.#directions = graph.floats([size, rank], basis);
    this.#along = graph.floats([steps * rank, steps * rank], directionGain(rule, response));
    const levels = Array.from(rule.level);
    this.#response = graph.floats([steps, rank, size], followed(response, levels, rank));
    this.probeSteps = probedSteps(slopes, rule);
    this.#posts = [...new Set(this.probeSteps)];
    if (this.#probes === 0) return;
    const strides = Float64Array.from({ length: this.#probes * size }, (_, k) => {
      return PROBE_STEP * basis[(k % size) * rank + Math.floor(k / size)];
    });
    const postLevels = this.#posts.map((post) => rule.level[post]);
    const shape = [postLevels.length, this.#probes, size];
    this.#found = {
      weights: graph.floats([steps, postLevels.length], weightsOf(rule, levelsOf(response), this.#posts)),
      mean: graph.floats(shape, followed(response, postLevels, this.#probes)),
      strides: graph.floats([1, this.#probes, size], strides),
    };
  }

  asked(states: string): string {
    if (!this.#found) return states;
    const probed = this.#graph.op("Add", [this.#atPosts(states), this.#found.strides]);
    const rows = this.#graph.reshape(probed, this.probeSteps.length, this.#size);
    return this.#graph.op("Concat", [states, rows], { axis: 0 });
  }

  change(surprise: string, predictions: string): string {
    let total = surprise;
    let moved = this.#moved(surprise);
    const deviation = this.#deviation(predictions);
    for (let round = 0; deviation && round < this.#rounds; round++) {
      const along = this.#probes === this.#rank ? moved : slice(this.#graph, moved, 0, this.#probes, 2);
      const unforeseen = this.#graph.op("MatMul", [along, deviation]);
      total = this.#graph.op("Add", [surprise, this.#graph.reshape(unforeseen, this.#steps, this.#size)]);
      moved = this.#moved(total);
    }
    const foreseen = this.#graph.op("MatMul", [moved, this.#response]);
    return this.#graph.op("Add", [total, this.#graph.reshape(foreseen, this.#steps, this.#size)]);
  }

  /** [steps, 1, rank] how far the states move along the directions for surprises [steps, n], with the mean response. */
  #moved(surprise: string): string {
    const along = this.#graph.op("MatMul", [surprise, this.#directions]);
    const row = this.#graph.reshape(along, 1, this.#steps * this.#rank);
    return this.#graph.reshape(this.#graph.op("MatMul", [row, this.#along]), this.#steps, 1, this.#rank);
  }

  /** [steps, probes, n] what the response along the probed directions is beyond its mean. */
  #deviation(predictions: string): string | undefined {
    if (!this.#found) return undefined;
    const probed = slice(this.#graph, predictions, this.#steps, this.#steps + this.probeSteps.length, 0);
    const { weights, mean } = this.#found;
    const shape = [this.#posts.length, this.#probes, this.#size];
    const change = this.#graph.op("Sub", [this.#graph.reshape(probed, ...shape), this.#atPosts(predictions)]);
    const response = this.#graph.op("Mul", [change, this.#graph.floats([], [1 / PROBE_STEP])]);
    const beyond = this.#graph.reshape(this.#graph.op("Sub", [response, mean]), this.#posts.length, -1);
    return this.#graph.reshape(this.#graph.op("MatMul", [weights, beyond]), this.#steps, ...shape.slice(1));
  }

  /** [posts, 1, n] */
  #atPosts(tensor: string): string {
    const rows = this.#graph.op("Gather", [tensor, this.#graph.integers(this.#posts)], { axis: 0 });
    return this.#graph.reshape(rows, this.#posts.length, 1, this.#size);
  }
}

/** Entries [from, to) along one axis. */
export function slice(graph: GraphBuilder, tensor: string, from: number, to: number, axis: number): string {
  return graph.op("Slice", [tensor, ...[from, to, axis].map((value) => graph.integers([value]))]);
}

function levelsOf({ basis, slope }: Response): number {
  return slope.length / basis.length;
}

/** [levels · directions · n]: how the prediction at each level follows a movement along each of the first directions. */
function followed(
  { basis, rank, slope }: Response,
  levels: readonly number[],
  directions: number,
): Float64Array {
  const n = basis.length / rank;
  const rows = new Float64Array(levels.length * directions * n);
  for (const [i, level] of levels.entries()) {
    for (let q = 0; q < directions; q++) {
      for (let k = 0; k < n; k++) rows[(i * directions + q) * n + k] = slope[(level * n + k) * rank + q];
    }
  }
  return rows;
}

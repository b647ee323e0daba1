import type { GraphBuilder } from "../onnx/graph-builder.js";
import { ConfigurationError } from "../policy/errors.js";
import type { Response } from "../sampling/response.js";
import type { Rule } from "../sampling/rules/rule.js";
import { PROBE_STEP, weightsOf } from "../sampling/solvers/slopes/calibrated.js";
import { directionGain } from "./gains.js";
import type { LinearModel } from "./linear-model.js";
import { levelsOf, mostDirections, type ProbedResponse, probedSteps } from "./slopes.js";

/**
 * Each round carries what the probes found further down the chain, and all of them as far as the solver does in one go. On PushT
 * five rounds leave 0.001 of an action after a first sweep at the most, and 0.0001 at the median: less than the sweep itself leaves.
 */
const ROUNDS = 5;

/**
 * The mean response makes a sweep's chain a constant matrix. What the probes found at this sweep does not: it is put in as a
 * further surprise at the movement of the round before.
 */
export class ResponseModel implements LinearModel {
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
      const along = this.#probes === this.#rank ? moved : this.#graph.slice(moved, 0, this.#probes, 2);
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
    const probed = this.#graph.slice(predictions, this.#steps, this.#steps + this.probeSteps.length, 0);
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

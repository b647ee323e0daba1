import type { GraphBuilder } from "../optimize/graph-builder.js";
import { ConfigurationError } from "../policy/errors.js";
import type { Response } from "../sampling/response.js";
import type { Rule } from "../sampling/rules/rule.js";
import { changeGain, directionGain } from "./gains.js";

/** The slope of every step: [steps] numbers, or the policy's mean response. */
export type Slopes = Float64Array | Response;

/** Of one matrix, as float32: a device reads all of it once per sweep. */
const MOST_BYTES = 64 * 2 ** 20;

/** Of a response, for one matrix over all steps to stay within {@link MOST_BYTES}. */
export function mostDirections({ steps }: Rule): number {
  return Math.floor(Math.sqrt(MOST_BYTES / 4) / steps);
}

/**
 * Puts the linear model of a sweep into a graph.
 *
 * @returns adds the nodes that turn surprises [steps, n] into what the clean predictions change by, [steps, n].
 * @throws ConfigurationError when the chain and the directions of the response are too many for one matrix.
 */
export function slopesInGraph(
  graph: GraphBuilder,
  rule: Rule,
  size: number,
  slopes: Slopes,
): (surprise: string) => string {
  const { steps } = rule;
  if (slopes instanceof Float64Array) {
    const gain = graph.floats([steps, steps], changeGain(rule, slopes));
    return (surprise) => graph.op("MatMul", [gain, surprise]);
  }
  const { basis, rank } = slopes;
  if (rank > mostDirections(rule)) {
    const size = Math.ceil((4 * (steps * rank) ** 2) / 2 ** 20);
    throw new ConfigurationError(
      `${rank} directions of the response over ${steps} steps take a matrix of ${size} MiB in the graph; ` +
        `take at most ${mostDirections(rule)} directions, or one number per step`,
    );
  }
  const directions = graph.floats([size, rank], basis);
  const along = graph.floats([steps * rank, steps * rank], directionGain(rule, slopes));
  const response = graph.floats([steps, rank, size], responseRows(rule, slopes, size));
  return (surprise) => {
    const seen = graph.reshape(graph.op("MatMul", [surprise, directions]), 1, steps * rank);
    const moved = graph.reshape(graph.op("MatMul", [seen, along]), steps, 1, rank);
    const followed = graph.reshape(graph.op("MatMul", [moved, response]), steps, size);
    return graph.op("Add", [surprise, followed]);
  };
}

/** [steps · rank · n]: for every step, how its prediction follows a movement along each direction. */
function responseRows(rule: Rule, { rank, slope }: Response, size: number): Float64Array {
  const rows = new Float64Array(rule.steps * rank * size);
  for (let i = 0; i < rule.steps; i++) {
    for (let k = 0; k < size; k++) {
      for (let q = 0; q < rank; q++) {
        rows[(i * rank + q) * size + k] = slope[(rule.level[i] * size + k) * rank + q];
      }
    }
  }
  return rows;
}

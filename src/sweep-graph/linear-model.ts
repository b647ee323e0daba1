import type { GraphBuilder } from "../onnx/graph-builder.js";
import type { Rule } from "../sampling/rules/rule.js";
import { changeGain } from "./gains.js";
import { ResponseModel } from "./response-model.js";
import type { Slopes } from "./slopes.js";

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

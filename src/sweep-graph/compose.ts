import { create } from "@bufbuild/protobuf";
import { writeModel } from "../onnx/model.js";
import { GraphProtoSchema, ModelProtoSchema, TensorProto_DataType } from "../onnx/onnx_pb.js";
import { valueInfo } from "../onnx/value.js";
import type { ChunkShape } from "../sampling/denoiser.js";
import type { Rule } from "../sampling/rules/rule.js";
import { reachOf } from "../sampling/solvers/semilinear.js";
import { stateGain } from "./gains.js";
import { InlinedNetwork } from "./inlined-network.js";
import { linearModel } from "./linear-model.js";
import type { Slopes } from "./slopes.js";

export interface SweepGraphOptions {
  readonly rule: Rule;
  readonly shape: ChunkShape;
  /** Of clean predictions, in normalised units. */
  readonly clip: number;
  readonly slopes: Slopes;
  /** Unrolled into the graph; they share its weights. */
  readonly sweeps: number;
}

/** Inputs and outputs of a sweep graph, all float32 but for what the network calls its observation. */
export const INPUTS = { base: "sweep_base", model: "sweep_model" } as const;
export const OUTPUTS = { clean: "sweep_clean", chunk: "sweep_chunk", change: "sweep_change" } as const;

/**
 * Puts whole sweeps of the semi-linear solver into one graph: the network over all steps, the clip, the recurrence with the
 * linear model, and what the residual is made of. With N steps and chunks of n values it takes
 *
 * - `sweep_base` [N + 1, n]: the states that the rule makes of the noise alone, clean predictions being 0;
 * - `sweep_model` [N, n]: the clean predictions that are expected, from the sweep or the tick before;
 * - `observation` [1, To · O];
 *
 * and gives `sweep_clean` [N, n], what its last sweep expects of the next, and for every sweep `sweep_chunk` [sweeps, n] and
 * `sweep_change` [sweeps, 2]: the largest movement of a state in action units, and the largest surprise.
 *
 * The states are linear in the clean predictions, x = base + K·m, because the rule is. So are the new predictions in the
 * surprises s = p(x) - m, because the slope is: m' = m + E·s. K and E are constants of the rule and the slope, and the
 * recurrence over the steps becomes a product. Where predictions are not finite, everything that follows from them is NaN.
 *
 * @param network an ONNX file with inputs sample [batch, H, D], level [batch] and observation [1, To · O].
 * @throws ConfigurationError when it is no such file, or when its slopes take more memory than a graph should.
 * @throws RangeError on a number of sweeps that is not a whole number ≥ 1.
 * @example
 * const bytes = composeSweeps(bundle.network, { rule, shape, clip: 1, slopes: { response, probes: 0 }, sweeps: 3 });
 */
export function composeSweeps(network: Uint8Array, options: SweepGraphOptions): Uint8Array {
  const { rule, shape, slopes, sweeps } = options;
  if (!Number.isInteger(sweeps) || sweeps < 1) {
    throw new RangeError(`a sweep graph has a whole number of sweeps ≥ 1, not ${sweeps}`);
  }
  const { steps } = rule;
  const size = shape.horizon * shape.dim;
  const inlined = new InlinedNetwork(network);
  const { graph } = inlined;
  const linear = linearModel(graph, rule, size, slopes);
  const predict = predictor(inlined, options, linear.probeSteps);
  const gain = graph.floats([steps + 1, steps], stateGain(rule));
  const reach = graph.floats([steps + 1, 1], [...reachOf(rule), 0]);
  const largest = (tensor: string) => graph.op("ReduceMax", [tensor], { keepdims: 1 });

  let model: string = INPUTS.model;
  let states = graph.op("Add", [INPUTS.base, graph.op("MatMul", [gain, model])]);
  const chunks: string[] = [];
  const changes: string[] = [];
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const predictions = predict(linear.asked(graph.slice(states, 0, steps, 0)));
    const clean = graph.slice(predictions, 0, steps, 0);
    const surprise = graph.op("Sub", [clean, model]);
    const change = linear.change(surprise, predictions);
    const moved = graph.op("MatMul", [gain, change]);
    model = graph.op("Add", [model, change]);
    states = graph.op("Add", [states, moved]);
    chunks.push(graph.slice(states, steps, steps + 1, 0));
    const movement = largest(graph.op("Mul", [graph.op("Abs", [moved]), reach]));
    const figures = [movement, largest(graph.op("Abs", [surprise]))];
    changes.push(graph.op("Concat", figures, { axis: 1 }));
  }
  const all = (parts: readonly string[]) =>
    parts.length === 1 ? parts[0] : graph.op("Concat", parts, { axis: 0 });
  graph.rename(all(chunks), OUTPUTS.chunk);
  graph.rename(all(changes), OUTPUTS.change);
  graph.rename(model, OUTPUTS.clean);

  const value = (name: string, dims: readonly number[]) => valueInfo(name, TensorProto_DataType.FLOAT, dims);
  const { irVersion, opsets, functions, observation } = inlined;
  return writeModel(
    create(ModelProtoSchema, {
      irVersion,
      opsetImport: [...opsets],
      functions: [...functions],
      producerName: "parapilot",
      graph: create(GraphProtoSchema, {
        name: "sweeps",
        node: graph.nodes,
        initializer: graph.weights,
        input: [value(INPUTS.base, [steps + 1, size]), value(INPUTS.model, [steps, size]), observation],
        output: [
          value(OUTPUTS.clean, [steps, size]),
          value(OUTPUTS.chunk, [sweeps, size]),
          value(OUTPUTS.change, [sweeps, 2]),
        ],
      }),
    }),
  );
}

/**
 * The network as a denoiser of the states of all steps, followed by some again.
 *
 * @returns adds the nodes that predict clean chunks [steps + again, n] from states.
 */
function predictor(
  inlined: InlinedNetwork,
  { rule, shape: { horizon, dim }, clip }: SweepGraphOptions,
  again: readonly number[],
): (states: string) => string {
  const { graph } = inlined;
  const steps = [...rule.level.keys(), ...again];
  const count = steps.length;
  const column = (value: (signal: number) => number) =>
    graph.floats(
      [count, 1],
      steps.map((step) => value(rule.signal[step])),
    );
  const noiseIn = inlined.at(steps.map((step) => rule.level[step]));
  const scale = column((signal) => Math.sqrt(1 - signal));
  const inverse = column((signal) => 1 / Math.sqrt(signal));
  const bounds = [-clip, clip].map((bound) => graph.floats([], [bound]));
  const zero = graph.floats([], [0]);
  return (states) => {
    const noise = graph.reshape(noiseIn(graph.reshape(states, count, horizon, dim)), count, horizon * dim);
    const signal = graph.op("Sub", [states, graph.op("Mul", [noise, scale])]);
    const clean = graph.op("Mul", [signal, inverse]);
    // A clip swallows NaN and infinity; times 0 they are NaN, and everything else is 0.
    return graph.op("Add", [graph.op("Clip", [clean, ...bounds]), graph.op("Mul", [clean, zero])]);
  };
}

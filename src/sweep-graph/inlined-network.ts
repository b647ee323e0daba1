import { GraphBuilder } from "../onnx/graph-builder.js";
import { opsetOf, readModel } from "../onnx/model.js";
import type { FunctionProto, NodeProto, OperatorSetIdProto, ValueInfoProto } from "../onnx/onnx_pb.js";
import { ConfigurationError } from "../policy/errors.js";

/** Clip took its limits as inputs in it. */
const LEAST_OPSET = 13;

/**
 * A noise network as part of a larger graph: asked for several samples, it shares its weights and whatever does not depend on
 * the sample, such as the terms of levels and observation.
 */
export class InlinedNetwork {
  readonly graph: GraphBuilder;
  /** Of the larger graph too. */
  readonly opsets: readonly OperatorSetIdProto[];
  readonly functions: readonly FunctionProto[];
  readonly irVersion: bigint;
  /** [1, To · O] */
  readonly observation: ValueInfoProto;
  readonly #nodes: readonly NodeProto[];

  /**
   * @throws ConfigurationError when the bytes are no noise network, or one that branches at run time.
   */
  constructor(network: Uint8Array) {
    const model = readModel(network);
    const { graph, opsetImport, functions, irVersion } = model;
    const weights = new Set(graph.initializer.map(({ name }) => name));
    const inputs = graph.input.filter(({ name }) => !weights.has(name));
    const observation = inputs.find(({ name }) => name === "observation");
    const names = inputs.map(({ name }) => name);
    const outputs = graph.output.map(({ name }) => name);
    if (
      !observation ||
      names.toSorted().join() !== "level,observation,sample" ||
      outputs.join() !== "noise"
    ) {
      throw new ConfigurationError(
        `the network takes ${names.join(", ")} and gives ${outputs.join(", ")}; it must take sample, level and ` +
          "observation and give noise: export it again under these names",
      );
    }
    if (opsetOf(model) < LEAST_OPSET) {
      throw new ConfigurationError(
        `the network is written in opset ${opsetOf(model)}; export it again with opset_version=${LEAST_OPSET} or later`,
      );
    }
    const branching = graph.node.find(({ attribute }) =>
      attribute.some(({ g, graphs }) => g || graphs.length > 0),
    );
    if (branching) {
      throw new ConfigurationError(
        `the network branches at run time (${branching.opType} "${branching.name}"): export it again without`,
      );
    }
    this.opsets = opsetImport;
    this.functions = functions;
    this.irVersion = irVersion;
    this.observation = observation;
    this.#nodes = graph.node;
    const taken = [...graph.node, ...graph.initializer].map(({ name }) => name);
    this.graph = new GraphBuilder(new Set([...taken, ...graph.node.flatMap(({ output }) => output)]));
    for (const tensor of graph.initializer) this.graph.keep(tensor);
  }

  /**
   * Fixes the noise level of every row, once.
   *
   * @returns adds the nodes that find the noise in a sample [rows, H, D].
   */
  at(levels: readonly number[]): (sample: string) => string {
    const { graph } = this;
    const level = graph.integers(levels);
    const ofSample = new Set(["sample"]);
    const asking: NodeProto[] = [];
    for (const node of this.#nodes) {
      if (node.input.some((name) => ofSample.has(name))) {
        asking.push(node);
        for (const name of node.output) ofSample.add(name);
      } else {
        const inputs = node.input.map((name) => (name === "level" ? level : name));
        graph.copy(node, inputs);
      }
    }
    return (sample) => {
      const names = new Map([
        ["level", level],
        ["sample", sample],
      ]);
      for (const node of asking) {
        const inputs = node.input.map((name) => names.get(name) ?? name);
        const outputs = graph.again(node, inputs);
        node.output.forEach((name, k) => void names.set(name, outputs[k]));
      }
      return names.get("noise") ?? "noise";
    };
  }
}

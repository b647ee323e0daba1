import { create } from "@bufbuild/protobuf";
import { GraphBuilder } from "../onnx/graph-builder.js";
import { GraphProtoSchema, type ModelProto } from "../onnx/onnx_pb.js";
import { Conditioning } from "./conditioning.js";
import { inOrder } from "./in-order.js";
import type { Layer } from "./layers.js";
import { modelOf } from "./model-of.js";
import type { ObservationGraph } from "./observation-graph.js";
import type { Recognised } from "./recognise.js";
import type { Source } from "./source.js";
import type { Activation, Rewrite, Target } from "./target.js";

export interface Written {
  readonly model: ModelProto;
  /** How often each kind of layer was written anew. */
  readonly rewrites: ReadonlyMap<string, number>;
  /** How often each operator was kept. */
  readonly kept: ReadonlyMap<string, number>;
}

/**
 * Writes the layers of a graph for a target, from its outputs backwards; what is no layer is copied.
 *
 * @param observation takes what depends on the observation alone, and gives it back as inputs; without it, that is computed
 * in this graph.
 */
export function write(
  source: Source,
  { values, terms }: Recognised,
  targetOf: (graph: GraphBuilder) => Target,
  observation?: ObservationGraph,
  without?: Rewrite,
): Written {
  const graph = new GraphBuilder(source.names());
  const target = targetOf(graph);
  const names = new Map<string, string>();
  const activations = new Map<Layer, Activation>();
  const rewrites = new Map<string, number>();
  const kept = new Map<string, number>();
  const conditioning = new Conditioning(source, graph, original, terms, target, {
    tables: without !== "tables",
    observation,
  });

  /** A tensor of the original graph in the new one. */
  function original(name: string): string {
    inOrder(
      name,
      (next) => (names.has(next) ? [] : copiedInputs(next).filter((input) => !names.has(input))),
      (next) => {
        if (!names.has(next)) names.set(next, anew(next));
      },
    );
    return names.get(name) as string;
  }

  /** What has to be there before a tensor can be copied. */
  function copiedInputs(name: string): readonly string[] {
    const isCopied =
      !source.weight(name) &&
      !values.has(name) &&
      !(observation && source.isOfObservation(name)) &&
      (without === "tables" || !source.table(name));
    return isCopied ? (source.producer(name)?.input.filter((input) => input !== "") ?? []) : [];
  }

  function anew(name: string): string {
    const weight = source.weight(name);
    if (weight) return graph.keep(weight);
    const value = values.get(name);
    if (value) return target.leave(activation(value.layer), value.layout);
    if (observation && source.isOfObservation(name)) return observation.tensor(name);
    const node = source.producer(name);
    if (!node) return name;
    const table = without === "tables" ? undefined : source.table(name);
    // A table in the graph already is as good.
    if (table && !(node.opType === "Gather" && source.weight(node.input[0]))) {
      count(rewrites, "table over the levels");
      return graph.op("Gather", [graph.floats(table.dims, table.data), "level"]);
    }
    const inputs = node.input.map((input) => (input === "" ? "" : original(input)));
    graph.copy(node, inputs);
    count(kept, node.opType);
    for (const output of node.output) names.set(output, output);
    return name;
  }

  function activation(layer: Layer): Activation {
    const known = activations.get(layer);
    if (known) return known;
    const written = writeLayer(layer);
    activations.set(layer, written);
    return written;
  }

  function writeLayer(layer: Layer): Activation {
    switch (layer.kind) {
      case "input":
        return target.enter(original(layer.tensor), layer.layout, layer);
      case "convolution": {
        const { stride, phases } = layer.convolution;
        const taps = phases.reduce((sum, phase) => sum + phase.taps.length, 0);
        const way =
          phases.length > 1 ? `, transposed by ${phases.length}` : stride > 1 ? ` by ${stride}` : "";
        count(rewrites, `convolution of ${taps}${way}`);
        return target.convolution(activation(layer.of), layer.convolution);
      }
      case "norm":
        count(rewrites, "group norm");
        return target.norm(activation(layer.of), layer.norm);
      case "mish":
        count(rewrites, "Mish");
        if (layer.of.kind !== "norm") return target.mish(activation(layer.of));
        count(rewrites, "group norm");
        return target.normMish(activation(layer.of.of), layer.of.norm);
      case "film":
        count(rewrites, "FiLM");
        return target.film(layer.op, activation(layer.of), conditioning.term(layer.term));
      case "elementwise":
        return target.elementwise(layer.node, layer.of.map(activation));
      case "concat":
        return target.concat(layer.of.map(activation));
    }
  }

  const { graph: whole } = source.model;
  for (const { name } of whole.output) {
    const written = original(name);
    if (written !== name) graph.rename(written, name);
  }
  if (conditioning.tabulated > 0) rewrites.set("FiLM map as a table", conditioning.tabulated);
  const read = new Set(graph.nodes.flatMap(({ input }) => input));
  const given = observation?.inputs(read) ?? [];
  const isGiven = (name: string) => name !== "observation" || given.length === 0;
  const model = modelOf(
    source.model,
    create(GraphProtoSchema, {
      name: whole.name || "denoiser",
      node: graph.nodes,
      initializer: graph.weights,
      input: [...whole.input.filter(({ name }) => !source.weight(name) && isGiven(name)), ...given],
      output: whole.output,
    }),
  );
  return { model, rewrites, kept };
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

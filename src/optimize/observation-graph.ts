import { create } from "@bufbuild/protobuf";
import { GraphBuilder } from "../onnx/graph-builder.js";
import {
  GraphProtoSchema,
  type ModelProto,
  TensorProto_DataType,
  type ValueInfoProto,
} from "../onnx/onnx_pb.js";
import { valueInfo } from "../onnx/value.js";
import { inOrder } from "./in-order.js";
import { modelOf } from "./model-of.js";
import type { Source } from "./source.js";

/** Writes something with the nodes of a graph; `original` gives a tensor of the exported graph in it. */
export type Writer = (graph: GraphBuilder, original: (name: string) => string) => string;

/**
 * Collects what depends on the observation alone: a graph that is run once per tick. Its outputs, the observation terms, are
 * inputs of every graph that sweeps; their first dimension may be 1 there or the batch, for rows with observations of their own.
 */
export class ObservationGraph {
  readonly #source: Source;
  readonly #graph: GraphBuilder;
  readonly #names = new Map<string, string>();
  readonly #terms = new Map<string, Term>();

  constructor(source: Source) {
    this.#source = source;
    this.#graph = new GraphBuilder(source.names());
  }

  /** The name of a term that is a tensor of the exported graph, the same for all samples. */
  tensor(name: string): string {
    const dims = this.#source.dims(name) ?? [];
    const ofOneRow = this.#source.isObservationRepeated(name) ? [1, ...dims.slice(1)] : dims;
    return this.term(name, ofOneRow, (graph, original) => graph.op("Identity", [original(name)]));
  }

  /** The name of a term, written when it is first asked for. */
  term(key: string, dims: readonly number[], write: Writer): string {
    const known = this.#terms.get(key);
    if (known) return known.name;
    const name = this.#fresh();
    this.#graph.rename(
      write(this.#graph, (tensor) => this.#original(tensor)),
      name,
    );
    this.#terms.set(key, { name, dims });
    return name;
  }

  /** What a graph that reads some of the terms declares them as. */
  inputs(read: ReadonlySet<string>): ValueInfoProto[] {
    return [...this.#terms.values()]
      .filter(({ name }) => read.has(name))
      .map(({ name, dims: [first, ...others] }) =>
        valueInfo(name, TensorProto_DataType.FLOAT, [first === 1 ? "observations" : first, ...others]),
      );
  }

  /** Operators and how often each is run. */
  get operators(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { opType } of this.#graph.nodes) counts.set(opType, (counts.get(opType) ?? 0) + 1);
    return counts;
  }

  /** Undefined when nothing depends on the observation alone. */
  model(): ModelProto | undefined {
    const terms = [...this.#terms.values()];
    if (terms.length === 0) return undefined;
    const graph = create(GraphProtoSchema, {
      name: "observation",
      node: this.#graph.nodes,
      initializer: this.#graph.weights,
      input: this.#source.model.graph.input.filter(({ name }) => name === "observation"),
      output: terms.map(({ name, dims }) => valueInfo(name, TensorProto_DataType.FLOAT, dims)),
    });
    return modelOf(this.#source.model, graph);
  }

  #original(name: string): string {
    inOrder(
      name,
      (next) => (this.#names.has(next) ? [] : this.#inputs(next).filter((input) => !this.#names.has(input))),
      (next) => {
        if (!this.#names.has(next)) this.#names.set(next, this.#copied(next));
      },
    );
    return this.#names.get(name) as string;
  }

  #inputs(name: string): readonly string[] {
    if (this.#source.weight(name) || this.#source.ofOneRow(name)) return [];
    return this.#source.producer(name)?.input.filter((input) => input !== "") ?? [];
  }

  #copied(name: string): string {
    const weight = this.#source.weight(name);
    if (weight) return this.#graph.keep(weight);
    const ofOneRow = this.#source.ofOneRow(name);
    if (ofOneRow) return this.#graph.numbers(ofOneRow);
    const node = this.#source.producer(name);
    if (!node) return name;
    this.#graph.copy(
      node,
      node.input.map((input) => (input === "" ? "" : (this.#names.get(input) as string))),
    );
    for (const output of node.output) this.#names.set(output, output);
    return name;
  }

  #fresh(): string {
    const taken = this.#source.names();
    for (let k = this.#terms.size + 1; ; k++) {
      const name = `observation_terms_${k}`;
      if (!taken.has(name)) return name;
    }
  }
}

interface Term {
  readonly name: string;
  readonly dims: readonly number[];
}

import { create } from "@bufbuild/protobuf";
import { type Model, writeModel } from "../onnx/model.js";
import {
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  ValueInfoProtoSchema,
} from "../onnx/onnx_pb.js";
import { type Numbers, numbersOf, tensorOf } from "../onnx/tensor.js";
import { ConfigurationError } from "../policy/errors.js";
import type { Evaluate } from "./evaluate.js";

/** What a tensor depends on: the network's inputs, or only how many rows there are. */
export type Origin = "sample" | "level" | "observation" | "rows";

const INPUTS = ["sample", "level", "observation"] as const;
/** Rows of the run that finds every tensor's size: a number that no network has otherwise. */
const PROBE_ROWS = 13;

/**
 * An exported graph, ready to be searched: constants apart from nodes, who makes what, every tensor's size, and what
 * depends on the noise level alone, for every level.
 */
export class Source {
  readonly model: Model;
  /** Without constants and the copies of tensors that exporters leave behind. */
  readonly nodes: readonly NodeProto[];
  readonly #weights = new Map<string, TensorProto>();
  readonly #numbers = new Map<string, Numbers | undefined>();
  readonly #producers = new Map<string, NodeProto>();
  readonly #origins = new Map<string, ReadonlySet<Origin>>();
  readonly #dims = new Map<string, readonly number[]>();
  readonly #tables = new Map<string, Numbers>();
  readonly #floats = new Set<string>(["observation"]);
  readonly #repeated = new Set<string>();
  readonly #ofOneRow = new Map<string, Numbers>();

  private constructor(model: Model) {
    this.model = model;
    for (const tensor of model.graph.initializer) this.#weights.set(tensor.name, tensor);
    this.nodes = this.#resolved();
    for (const node of this.nodes) for (const output of node.output) this.#producers.set(output, node);
    this.#trace();
  }

  /**
   * @param levels how many noise levels the policy has.
   * @throws ConfigurationError when the model has other inputs than sample, level and observation, or does not run.
   */
  static async of(model: Model, levels: number, evaluate: Evaluate): Promise<Source> {
    const source = new Source(model);
    await source.#probe(evaluate);
    await source.#tabulate(levels, evaluate);
    return source;
  }

  /** Of all tensors and nodes. */
  names(): Set<string> {
    const { graph } = this.model;
    const named = [...graph.node, ...graph.initializer, ...graph.input].map(({ name }) => name);
    return new Set([...named, ...this.#weights.keys(), ...graph.node.flatMap(({ output }) => output)]);
  }

  /** A weight of the graph. */
  weight(name: string): TensorProto | undefined {
    return this.#weights.get(name);
  }

  /** The numbers of a weight. */
  constant(name: string): Numbers | undefined {
    if (!this.#numbers.has(name)) {
      const tensor = this.#weights.get(name);
      this.#numbers.set(name, tensor && numbersOf(tensor));
    }
    return this.#numbers.get(name);
  }

  /** The node that makes a tensor, if it is of one of these operators. */
  producer(name: string, ...opTypes: readonly string[]): NodeProto | undefined {
    const node = this.#producers.get(name);
    return node && (opTypes.length === 0 || (opTypes.includes(node.opType) && node.domain === ""))
      ? node
      : undefined;
  }

  /** The size of a tensor in a batch of a few rows. */
  dims(name: string): readonly number[] | undefined {
    return this.#dims.get(name) ?? this.#weights.get(name)?.dims.map(Number);
  }

  /** Whether the first dimension of a tensor is the batch. */
  isBatched(name: string): boolean {
    return this.dims(name)?.[0] === PROBE_ROWS;
  }

  origins(name: string): ReadonlySet<Origin> {
    return this.#origins.get(name) ?? new Set();
  }

  /** [levels, ...]: a tensor that depends on the level alone, for every level. */
  table(name: string): Numbers | undefined {
    return this.#tables.get(name);
  }

  /** Whether a float32 tensor depends on the observation alone. */
  isOfObservation(name: string): boolean {
    const origins = this.origins(name);
    return origins.size === 1 && origins.has("observation") && this.#floats.has(name);
  }

  /** Whether a tensor is the same row for every sample, computed from the observation: one row of it says all. */
  isObservationRepeated(name: string): boolean {
    return this.#repeated.has(name);
  }

  /** What a tensor that depends only on how many rows there are is for one row. */
  ofOneRow(name: string): Numbers | undefined {
    return this.#ofOneRow.get(name);
  }

  /** Nodes with their inputs traced back through copies; fills in the weights that nodes hold. */
  #resolved(): NodeProto[] {
    const { graph } = this.model;
    const outputs = new Set(graph.output.map(({ name }) => name));
    const copies = new Map<string, string>();
    return graph.node.filter((node) => {
      node.input = node.input.map((name) => copies.get(name) ?? name);
      const [name] = node.output;
      if (node.opType === "Identity" && !outputs.has(name)) {
        copies.set(name, node.input[0]);
        return false;
      }
      const value = node.attribute.find((attribute) => attribute.name === "value")?.t;
      if (node.opType !== "Constant" || !value || outputs.has(name)) return true;
      value.name = name;
      this.#weights.set(name, value);
      return false;
    });
  }

  #trace(): void {
    for (const name of INPUTS) this.#origins.set(name, new Set([name]));
    for (const node of this.nodes) {
      const sources = node.input.map((name) => this.origins(name));
      const all = new Set(sources.flatMap((origins) => [...origins]));
      const known: ReadonlySet<Origin> =
        node.opType === "Shape" && all.size > 0 ? new Set<Origin>(["rows"]) : all;
      for (const output of node.output) this.#origins.set(output, known);
    }
  }

  /** Runs the graph for the sizes of its tensors; what does not change with the inputs, nor with how many rows, is a weight. */
  async #probe(evaluate: Evaluate): Promise<void> {
    const all = this.nodes.flatMap((node) => node.output).filter((name) => name !== "");
    const few = this.feeds(PROBE_ROWS);
    for (const [name, { dims }] of few) this.#dims.set(name, dims);
    const found = await evaluate(this.#asking(all), few);
    for (const [name, { dims, integer }] of found) {
      this.#dims.set(name, dims);
      if (!integer) this.#floats.add(name);
    }
    for (const [name, numbers] of found) {
      const origins = this.origins(name);
      const isObserved = origins.size === 2 && origins.has("observation") && origins.has("rows");
      if (isObserved && !numbers.integer && this.isBatched(name) && sameRows(numbers))
        this.#repeated.add(name);
    }
    const perhaps = all.filter((name) => [...this.origins(name)].every((origin) => origin === "rows"));
    if (perhaps.length === 0) return;
    if (this.#repeated.size > 0) {
      for (const [name, numbers] of await evaluate(this.#asking(perhaps), this.feeds(1))) {
        this.#ofOneRow.set(name, numbers);
      }
    }
    for (const [name, again] of await evaluate(this.#asking(perhaps), this.feeds(PROBE_ROWS + 1))) {
      const before = found.get(name);
      if (!before || before.dims.join() !== again.dims.join()) continue;
      if (before.data.some((value, k) => value !== again.data[k])) continue;
      this.#weights.set(name, tensorOf(name, again.dims, again.data, again.integer));
    }
  }

  async #tabulate(levels: number, evaluate: Evaluate): Promise<void> {
    const ofLevel = (name: string) => {
      const origins = this.origins(name);
      return origins.has("level") && !origins.has("sample") && !origins.has("observation");
    };
    const read = new Set(this.nodes.filter((node) => !ofLevel(node.output[0])).flatMap((node) => node.input));
    const wanted = [...read].filter((name) => ofLevel(name) && this.producer(name));
    if (wanted.length === 0) return;
    for (const [name, numbers] of await evaluate(this.#asking(wanted), this.feeds(levels))) {
      if (numbers.dims[0] === levels && !numbers.integer) this.#tables.set(name, numbers);
    }
  }

  /** The model, giving these tensors instead of its outputs. */
  #asking(names: readonly string[]): Uint8Array {
    const { graph } = this.model;
    const output = names.map((name) => create(ValueInfoProtoSchema, { name }));
    const asking = create(GraphProtoSchema, {
      name: "asking",
      node: graph.node,
      initializer: graph.initializer,
      input: graph.input,
      output,
    });
    const { irVersion, opsetImport, functions } = this.model;
    return writeModel(create(ModelProtoSchema, { irVersion, opsetImport, functions, graph: asking }));
  }

  /** Inputs of so many rows: levels in turn, and entries between -1 and 1. */
  feeds(rows: number): Map<string, Numbers> {
    const { graph } = this.model;
    const inputs = graph.input.filter(({ name }) => !this.#weights.has(name));
    const names = inputs.map(({ name }) => name);
    if (names.length !== INPUTS.length || !INPUTS.every((name) => names.includes(name))) {
      throw new ConfigurationError(
        `the network's inputs are ${names.join(", ")}; it needs ${INPUTS.join(", ")}: export it again under these names`,
      );
    }
    const sizeOf = (name: string) => {
      const { value } = inputs.find((input) => input.name === name)?.type?.value ?? {};
      const dims = value && "shape" in value ? (value.shape?.dim ?? []) : [];
      return dims.map(({ value: side }) => (side.case === "dimValue" ? Number(side.value) : undefined));
    };
    const feed = (name: string, first: number): Numbers => {
      const dims = [first, ...sizeOf(name).slice(1)].map((side) => {
        if (side !== undefined) return side;
        throw new ConfigurationError(
          `the network's input "${name}" leaves more open than its batch size: export it for one horizon and one observation`,
        );
      });
      const size = dims.reduce((product, side) => product * side, 1);
      return { dims, data: Float64Array.from({ length: size }, (_, k) => Math.sin(k)), integer: false };
    };
    return new Map([
      ["sample", feed("sample", rows)],
      ["level", { dims: [rows], data: Float64Array.from({ length: rows }, (_, k) => k), integer: true }],
      ["observation", feed("observation", 1)],
    ]);
  }
}

function sameRows({ dims, data }: Numbers): boolean {
  const size = data.length / dims[0];
  return data.every((value, k) => value === data[k % size]);
}

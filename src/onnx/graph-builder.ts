import { createHash } from "node:crypto";
import { clone, create } from "@bufbuild/protobuf";
import { type Attributes, attributesOf } from "./attributes.js";
import {
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  type ValueInfoProto,
} from "./onnx_pb.js";
import { halvesOf, type Numbers, tensorOf } from "./tensor.js";

/** Of ONNX 1.16; ReduceMean and Split took their present form in operator set 18. */
const IR_VERSION = 10n;
const OPSET = 18n;

/** Collects the nodes and weights of a graph, in the order in which they can run. Equal weights are kept once. */
export class GraphBuilder {
  readonly nodes: NodeProto[] = [];
  readonly #weights = new Map<string, TensorProto>();
  readonly #names = new Map<string, string>();
  readonly #taken: ReadonlySet<string>;
  #count = 0;

  /** @param taken names that nothing new may have. */
  constructor(taken: ReadonlySet<string> = new Set()) {
    this.#taken = taken;
  }

  get weights(): TensorProto[] {
    return [...this.#weights.values()];
  }

  /** Adds a node with one output; its name. */
  op(opType: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.ops(opType, inputs, 1, attributes)[0];
  }

  /** Adds a node with several outputs; their names. */
  ops(opType: string, inputs: readonly string[], outputs: number, attributes: Attributes = {}): string[] {
    const name = this.#fresh(opType);
    const output = outputs === 1 ? [name] : Array.from({ length: outputs }, (_, k) => `${name}.${k}`);
    this.nodes.push(
      create(NodeProtoSchema, {
        name,
        opType,
        input: [...inputs],
        output,
        attribute: attributesOf(attributes),
      }),
    );
    return output;
  }

  reshape(tensor: string, ...dims: readonly number[]): string {
    return this.op("Reshape", [tensor, this.integers(dims)]);
  }

  /** Entries [from, to) along one axis. */
  slice(tensor: string, from: number, to: number, axis: number): string {
    return this.op("Slice", [tensor, ...[from, to, axis].map((value) => this.integers([value]))]);
  }

  /** A node as it was, on inputs that may have other names now. */
  copy(node: NodeProto, inputs: readonly string[]): void {
    const copy = clone(NodeProtoSchema, node);
    copy.input = [...inputs];
    this.nodes.push(copy);
  }

  /** A copy of a node with a new output; for nodes with one output. */
  like(node: NodeProto, inputs: readonly string[]): string {
    const copy = clone(NodeProtoSchema, node);
    copy.name = this.#fresh(node.opType);
    copy.input = [...inputs];
    copy.output = [copy.name];
    this.nodes.push(copy);
    return copy.name;
  }

  /** Once more what a node does, on other inputs; the names of its new outputs. */
  again(node: NodeProto, inputs: readonly string[]): string[] {
    const copy = clone(NodeProtoSchema, node);
    copy.name = this.#fresh(node.opType);
    copy.input = [...inputs];
    copy.output = node.output.map((output, k) => output && `${copy.name}.${k}`);
    this.nodes.push(copy);
    return copy.output;
  }

  floats(dims: readonly number[], data: ArrayLike<number>): string {
    return this.#weight(tensorOf("", dims, data));
  }

  /** The same in half precision. */
  halves(dims: readonly number[], data: Float32Array): string {
    return this.#weight(halvesOf("", dims, data));
  }

  numbers({ dims, data, integer }: Numbers): string {
    return this.#weight(tensorOf("", dims, data, integer));
  }

  integers(values: readonly number[]): string {
    return this.#weight(tensorOf("", [values.length], values, true));
  }

  /** A weight of the original graph, under its own name. */
  keep(tensor: TensorProto): string {
    this.#weights.set(tensor.name, tensor);
    return tensor.name;
  }

  /** Gives a tensor that this builder made the name that the world knows it by. */
  rename(tensor: string, name: string): void {
    for (const node of this.nodes) {
      node.input = node.input.map((input) => (input === tensor ? name : input));
      node.output = node.output.map((output) => (output === tensor ? name : output));
    }
  }

  /** What was collected, as a model of its own in the standard operators. */
  model(name: string, input: ValueInfoProto[], output: ValueInfoProto[]): ModelProto {
    return create(ModelProtoSchema, {
      irVersion: IR_VERSION,
      opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version: OPSET })],
      producerName: "parapilot",
      graph: create(GraphProtoSchema, { name, node: this.nodes, initializer: this.weights, input, output }),
    });
  }

  #weight(tensor: TensorProto): string {
    const content = createHash("sha256").update(tensor.rawData).digest("hex");
    const key = `${tensor.dataType} ${tensor.dims.join("x")} ${content}`;
    const known = this.#names.get(key);
    if (known) return known;
    tensor.name = this.#fresh("weight");
    this.#names.set(key, tensor.name);
    return this.keep(tensor);
  }

  #fresh(kind: string): string {
    for (;;) {
      this.#count++;
      const name = `${kind}_${this.#count}`;
      if (!this.#taken.has(name)) return name;
    }
  }
}

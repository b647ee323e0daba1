import { clone, create } from "@bufbuild/protobuf";
import { attributesOf, integer } from "../onnx/attributes.js";
import { readModel, writeModel } from "../onnx/model.js";
import { type NodeProto, NodeProtoSchema, type TensorProto } from "../onnx/onnx_pb.js";
import { numbersOf, tensorOf } from "../onnx/tensor.js";

/** A shader binds every input and output of a node; adapters promise 8 buffers, and one is the input's. */
const MOST_OUTPUTS = 7;

/**
 * The same network in operators that onnxruntime's WebGPU provider has: a `GatherND` of whole rows by an index for each
 * becomes a `Gather`, because it has no int64 `Unsqueeze` to make the indices with, and a `Split` into more outputs than
 * a shader can bind becomes one `Slice` for each. Not a bit of the answer changes. Without them the provider leaves nodes
 * to the CPU, or fails on the first call (onnxruntime 1.30).
 *
 * @throws ConfigurationError when the bytes are no ONNX model.
 */
export function forWebgpu(network: Uint8Array): Uint8Array {
  const model = readModel(network);
  const { graph } = model;
  const weights = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const unsqueezed = indexColumns(graph.node, weights);
  const added: TensorProto[] = [];
  const nodes = graph.node.flatMap((node) => {
    const index = node.opType === "GatherND" ? unsqueezed.get(node.input[1]) : undefined;
    if (index !== undefined && integer(node, "batch_dims", 0) === 0) return [gather(node, index)];
    return splitIntoSlices(node, weights, added) ?? [node];
  });
  const read = new Set(nodes.flatMap(({ input }) => input));
  const isBypassed = ({ output }: NodeProto) => unsqueezed.has(output[0]) && !read.has(output[0]);
  const before = graph.node;
  graph.node = nodes.filter((node) => !isBypassed(node));
  // Only what went with these nodes: a loop's body may read names that no node out here does.
  const kept = new Set(graph.node);
  const orphans = new Set(before.filter((node) => !kept.has(node)).flatMap(({ input }) => input));
  for (const name of graph.node.flatMap(({ input }) => input)) orphans.delete(name);
  graph.initializer = [...graph.initializer, ...added].filter(({ name }) => !orphans.has(name));
  return writeModel(model);
}

/** Tensors that are an index each in a row of its own, [n, 1], by what they were made of, [n]. */
function indexColumns(
  nodes: readonly NodeProto[],
  weights: ReadonlyMap<string, TensorProto>,
): Map<string, string> {
  const columns = new Map<string, string>();
  for (const { opType, input, output } of nodes) {
    if (opType !== "Unsqueeze") continue;
    const axes = constant(weights.get(input[1]));
    if (axes?.length === 1 && (axes[0] === 1 || axes[0] === -1)) columns.set(output[0], input[0]);
  }
  return columns;
}

function gather(node: NodeProto, index: string): NodeProto {
  const rows = clone(NodeProtoSchema, node);
  rows.opType = "Gather";
  rows.input = [node.input[0], index];
  rows.attribute = attributesOf({ axis: 0 });
  return rows;
}

function splitIntoSlices(
  node: NodeProto,
  weights: ReadonlyMap<string, TensorProto>,
  added: TensorProto[],
): NodeProto[] | undefined {
  if (node.opType !== "Split" || node.output.length <= MOST_OUTPUTS) return undefined;
  const sizes = constant(weights.get(node.input[1]));
  if (!sizes) return undefined;
  const axis = integer(node, "axis", 0);
  let from = 0;
  return node.output.map((output, k) => {
    const bounds = { starts: from, ends: from + sizes[k], axes: axis };
    from += sizes[k];
    const inputs = Object.entries(bounds).map(([name, value]) => {
      added.push(tensorOf(`${output}.${name}`, [1], [value], true));
      return `${output}.${name}`;
    });
    return create(NodeProtoSchema, {
      name: `${node.name}.${k}`,
      opType: "Slice",
      input: [node.input[0], ...inputs],
      output: [output],
    });
  });
}

function constant(tensor: TensorProto | undefined): readonly number[] | undefined {
  const numbers = tensor && numbersOf(tensor);
  return numbers && Array.from(numbers.data);
}

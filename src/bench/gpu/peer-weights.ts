import { readModel } from "../../onnx/model.js";
import type { NodeProto } from "../../onnx/onnx_pb.js";
import { numbersOf } from "../../onnx/tensor.js";
import { ConfigurationError } from "../../policy/errors.js";

export interface NamedWeight {
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array;
}

const CONVOLUTION_BIAS = /^(?<block>.+)\.convolution\.taps\.bias$/;
/** Layers whose matrix the exporter folds into a constant without a name. */
const LINEAR_BIAS = /^(?<layer>(?:.+\.)?(?:skip|out))\.bias$/;

/**
 * The weights of a network that policies/train/export.py wrote, under the names of network.py. The exporter keeps most of
 * them; the norms' and the linear layers' it renames, and those are found by what stands beside them.
 *
 * @throws ConfigurationError when the graph is of another make.
 */
export function peerWeights(network: Uint8Array): ReadonlyMap<string, NamedWeight> {
  const { graph } = readModel(network);
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const maker = new Map(graph.node.flatMap((node) => node.output.map((output) => [output, node] as const)));
  const weights = new Map<string, NamedWeight>();
  const keep = (name: string, constant: string): void => {
    const tensor = constants.get(constant);
    const numbers = tensor && numbersOf(tensor);
    if (!numbers || numbers.integer) return;
    weights.set(name, numbers);
  };
  const constantOf = ({ input }: NodeProto) => input.find((name) => constants.has(name));
  for (const name of constants.keys()) {
    if (/(\.(weight|bias)|^film_table)$/.test(name)) keep(plain(name), name);
  }

  let block: string | undefined;
  for (const node of graph.node) {
    const constant = constantOf(node);
    if (!constant) continue;
    const makers = node.input.map((input) => maker.get(input)?.opType);
    if (node.opType === "GatherND") keep("film_table", constant);
    else if (node.opType === "Add") {
      block = plain(constant).match(CONVOLUTION_BIAS)?.groups?.block ?? block;
      const layer = plain(constant).match(LINEAR_BIAS)?.groups?.layer;
      const product = node.input.map((input) => maker.get(input)).find((from) => from?.opType === "MatMul");
      const matrix = layer && product && constantOf(product);
      const stored = matrix && numbersOf(constants.get(matrix) as Parameters<typeof numbersOf>[0]);
      if (layer && stored) weights.set(`${layer}.weight`, transposed(stored));
    } else if (node.opType === "Mul" && makers.includes("Reciprocal")) keep(`${block}.norm.weight`, constant);
    else if (node.opType === "Sub" && node.input[0] === constant) keep(`${block}.norm.bias`, constant);
  }
  for (const name of ["film_table", "film_observation.weight", "out.weight", "last.norm.bias"]) {
    if (weights.has(name)) continue;
    throw new ConfigurationError(
      `the network has no ${name}, which the PyTorch peer needs: it takes graphs that policies/train/export.py wrote, not optimised ones`,
    );
  }
  return weights;
}

/** In the safetensors format: a length, a JSON header, float32 numbers. */
export function safetensorsOf(weights: ReadonlyMap<string, NamedWeight>): Uint8Array {
  let at = 0;
  const entries = [...weights].map(([name, { dims, data }]) => {
    const begin = at;
    at += 4 * data.length;
    return [name, { dtype: "F32", shape: dims, data_offsets: [begin, at] }];
  });
  const json = JSON.stringify(Object.fromEntries(entries));
  // The format wants its numbers aligned to eight bytes.
  const header = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const numbers = [...weights.values()].map(({ data }) => Buffer.from(Float32Array.from(data).buffer));
  return Buffer.concat([length, header, ...numbers]);
}

function plain(name: string): string {
  return name.replace(/^network\./, "");
}

/** [in, out] as PyTorch keeps it, [out, in]; our own export of a linear layer multiplies from the other side. */
function transposed({ dims: [rows, columns], data }: NamedWeight): NamedWeight {
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = data[row * columns + column];
  }
  return { dims: [columns, rows], data: out };
}

import { integer, real } from "../onnx/attributes.js";
import { mishSource } from "./patterns/mish.js";
import type { Source } from "./source.js";

/**
 * A linear map of [level part, observation part], perhaps behind a Mish: the sum of a table over the levels and a product
 * with the observation.
 */
export interface Separable {
  /** Equal for maps of the same input. */
  readonly key: string;
  readonly mish: boolean;
  /** By the rows of the weights they meet. */
  readonly parts: readonly Part[];
  /** [rows, width] */
  readonly weights: Float64Array;
  readonly width: number;
  readonly bias: Float64Array;
}

export interface Part {
  readonly tensor: string;
  readonly of: "level" | "observation";
  readonly first: number;
  readonly count: number;
}

/** Recognises a [batch, width] tensor as such a map. */
export function separable(source: Source, name: string): Separable | undefined {
  const linear = linearMap(source, name);
  if (!linear) return undefined;
  const behind = mishSource(source, linear.input);
  const concat = source.producer(behind ?? linear.input, "Concat");
  if (!concat || ![1, -1].includes(integer(concat, "axis", 0))) return undefined;
  const parts: Part[] = [];
  let first = 0;
  for (const tensor of concat.input) {
    const dims = source.dims(tensor);
    if (dims?.length !== 2) return undefined;
    const count = dims[1];
    if (source.table(tensor)) parts.push({ tensor, of: "level", first, count });
    else {
      const row = oneRow(source, tensor);
      if (!isOneRow(source, row)) return undefined;
      parts.push({ tensor: row, of: "observation", first, count });
    }
    first += count;
  }
  const { weights, width, bias } = linear;
  const key = `${concat.output[0]} ${behind !== undefined}`;
  return { key, mish: behind !== undefined, parts, weights, width, bias };
}

interface LinearMap {
  readonly input: string;
  readonly weights: Float64Array;
  readonly width: number;
  readonly bias: Float64Array;
}

function linearMap(source: Source, name: string): LinearMap | undefined {
  const gemm = source.producer(name, "Gemm");
  if (gemm) {
    const plain = real(gemm, "alpha", 1) === 1 && real(gemm, "beta", 1) === 1 && !integer(gemm, "transA", 0);
    return plain
      ? mapOf(source, gemm.input[0], gemm.input[1], gemm.input[2], integer(gemm, "transB", 0) === 1)
      : undefined;
  }
  const sum = source.producer(name, "Add");
  const inputs = sum?.input ?? [name];
  const product = inputs.map((input) => source.producer(input, "MatMul")).find((node) => node);
  if (!product) return undefined;
  const bias = sum?.input.find((input) => input !== product.output[0]);
  return mapOf(source, product.input[0], product.input[1], bias, false);
}

function mapOf(
  source: Source,
  input: string,
  weight: string,
  biasName: string | undefined,
  turned: boolean,
): LinearMap | undefined {
  const matrix = source.constant(weight);
  const offset = biasName ? source.constant(biasName) : undefined;
  if (matrix?.dims.length !== 2 || (biasName && !offset)) return undefined;
  const [rows, width] = turned ? [matrix.dims[1], matrix.dims[0]] : matrix.dims;
  const weights = new Float64Array(rows * width);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < width; c++)
      weights[r * width + c] = matrix.data[turned ? c * rows + r : r * width + c];
  }
  if (offset && offset.data.length !== width) return undefined;
  return { input, weights, width, bias: Float64Array.from(offset?.data ?? new Float64Array(width)) };
}

/** The observation is one row; the graph may have repeated it for every sample. */
function oneRow(source: Source, tensor: string): string {
  const expand = source.producer(tensor, "Expand", "Tile");
  const dims = expand && source.dims(expand.input[0]);
  const whole = source.dims(tensor);
  return expand && dims?.length === 2 && dims[0] === 1 && dims[1] === whole?.[1] ? expand.input[0] : tensor;
}

/** Whether a tensor says the same of every sample: it comes from the observation, or is a weight. */
function isOneRow(source: Source, tensor: string): boolean {
  const isWeight = source.weight(tensor) !== undefined && source.dims(tensor)?.[0] === 1;
  return isWeight || source.isOfObservation(tensor) || source.isObservationRepeated(tensor);
}

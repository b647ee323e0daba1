import { fromHalfBits, halfBits } from "../../onnx/half.js";
import { TensorProto_DataType } from "../../onnx/onnx_pb.js";
import type { GroupNorm } from "../layers.js";
import type { Activation } from "../target.js";
import { Rows } from "./rows.js";

/**
 * The same for a GPU, which at this size is bound by how many kernels are launched: Mish as the operator, three kernels at
 * most where a form with one exponential takes five. All operators are ones that onnxruntime's WebGPU and CUDA have, and none
 * has more tensors than a WebGPU shader may bind.
 */
export class Launches extends Rows {
  /** Every WebGPU device binds eight buffers: one is what is split. */
  override readonly mostParts = 7;

  override mish(x: Activation): Activation {
    return { ...x, tensor: this.graph.op("Mish", [x.tensor]) };
  }

  override normMish(x: Activation, norm: GroupNorm): Activation {
    if (this.without === "norms") return this.mish(this.norm(x, norm));
    return this.ungrouped(this.graph.op("Mish", [this.normalised(x, norm, 1)]), x);
  }
}

/** Narrower products are launches, not arithmetic: half precision would only cost its casts. */
const LEAST_HALF_CHANNELS = 32;

/**
 * The same with the large products in half precision; inputs, outputs, norms, FiLM terms and the narrow products, the last
 * one among them, stay single.
 */
export class HalfLaunches extends Launches {
  protected override product(
    rows: string,
    dims: readonly [number, number],
    weights: Float32Array,
    biases: Float32Array,
  ): string {
    if (Math.min(...dims) < LEAST_HALF_CHANNELS) return super.product(rows, dims, weights, biases);
    return this.halfProduct(rows, dims, weights, biases);
  }

  protected halfProduct(
    rows: string,
    dims: readonly [number, number],
    weights: Float32Array,
    biases: Float32Array,
  ): string {
    const { graph } = this;
    const half = graph.op("Cast", [rows], { to: TensorProto_DataType.FLOAT16 });
    const product = graph.op("Gemm", [half, graph.halves(dims, weights), graph.halves([dims[1]], biases)]);
    return graph.op("Cast", [product], { to: TensorProto_DataType.FLOAT });
  }
}

/** Times this plus one and back leaves a float32 the eleven digits of a float16 (Dekker 1971, after Veltkamp). */
const SPLITTER = 2 ** 13;

/**
 * The numbers that {@link HalfLaunches} gives on a GPU, in single precision with every rounding written out: onnxruntime's CPU
 * provider computes half products in single precision, and drops the casts around them.
 */
export class RehearsedHalf extends HalfLaunches {
  protected override halfProduct(
    rows: string,
    dims: readonly [number, number],
    weights: Float32Array,
    biases: Float32Array,
  ): string {
    const { graph } = this;
    const product = graph.op("Gemm", [
      this.#rounded(rows),
      graph.floats(dims, fromHalfBits(halfBits(weights))),
      graph.floats([dims[1]], fromHalfBits(halfBits(biases))),
    ]);
    return this.#rounded(product);
  }

  #rounded(tensor: string): string {
    const { graph } = this;
    const large = graph.op("Mul", [tensor, graph.floats([], [SPLITTER + 1])]);
    return graph.op("Sub", [large, graph.op("Sub", [large, tensor])]);
  }
}

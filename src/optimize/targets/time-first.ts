import type { GraphBuilder } from "../../onnx/graph-builder.js";
import type { NodeProto } from "../../onnx/onnx_pb.js";
import type { Convolution, GroupNorm, Layout, Sequence } from "../layers.js";
import type { Activation, Rewrite, Target } from "../target.js";
import { timeMap } from "../time-map.js";
import { exportedNorm } from "./exported-norm.js";
import { mishOfNegative } from "./mish.js";
import { biasesOf, isPointwise, weightsOf } from "./point-weights.js";
import { spreadOverGroups } from "./spread.js";

/** The ways in which one activation's memory is read: [L, B·C], [L, B, C], [L·B, C] or [L, B, groups, C/groups]. */
type Form = "flat" | "cube" | "rows" | number;

/** Up to here onnxruntime sums over time and channels at once; with more, shorter runs a product is faster. */
const MOST_REDUCED_STEPS = 8;

/**
 * Activations are [steps, batch, channels]: a mixture of time steps is one matrix product from the left, and a weight
 * matrix meets all samples at once. For batches; below about five rows the transforms cost more than they save.
 */
export class TimeFirst implements Target {
  readonly termRank = 2;
  readonly mostParts = Number.POSITIVE_INFINITY;
  readonly #graph: GraphBuilder;
  readonly #without: Rewrite | undefined;
  readonly #forms = new Map<string, string>();

  constructor(graph: GraphBuilder, without?: Rewrite) {
    this.#graph = graph;
    this.#without = without;
  }

  enter(tensor: string, layout: Layout, { steps, channels }: Sequence): Activation {
    const perm = layout === "ncl" ? [2, 0, 1] : [1, 0, 2];
    return this.#made("cube", this.#graph.op("Transpose", [tensor], { perm }), steps, channels);
  }

  leave(x: Activation, layout: Layout): string {
    const perm = layout === "ncl" ? [1, 2, 0] : [1, 0, 2];
    return this.#graph.op("Transpose", [this.#as(x, "cube")], { perm });
  }

  convolution(x: Activation, convolution: Convolution): Activation {
    const { phases, from, to } = convolution;
    const map = timeMap(convolution, x.steps, this.#without !== "products");
    const weights = weightsOf(convolution, map).map((data) => this.#graph.floats([from, to], data));
    const steps = map.spread.length;
    if (isPointwise(map)) {
      const bias = this.#graph.floats([to], phases[0].bias);
      const rows = this.#graph.op("Gemm", [this.#as(x, "rows"), weights[0], bias]);
      return this.#made("rows", rows, steps, to);
    }
    const biases = biasesOf(convolution, map);
    const mixed = this.#graph.op("MatMul", [this.#matrix(map.gather.flat()), this.#as(x, "flat")]);
    const rows = this.#graph.reshape(mixed, -1, from);
    const points = map.filter.length;
    const parts =
      points === 1 ? [rows] : this.#graph.ops("Split", [rows], points, { axis: 0, num_outputs: points });
    const products = parts.map((part, p) => {
      const bias = biases.carried.get(p);
      return bias
        ? this.#graph.op("Gemm", [part, weights[p], this.#graph.floats([to], bias)])
        : this.#graph.op("MatMul", [part, weights[p]]);
    });
    const all = points === 1 ? products[0] : this.#graph.op("Concat", products, { axis: 0 });
    const spread = this.#matrix(map.spread.map((row) => row.flat()));
    const sums = this.#graph.op("MatMul", [spread, this.#graph.reshape(all, points * map.tiles, -1)]);
    const made = this.#made("flat", sums, steps, to);
    if (!biases.left) return made;
    const rest = this.#graph.floats([steps, 1, to], biases.left);
    return this.#made("cube", this.#graph.op("Add", [this.#as(made, "cube"), rest]), steps, to);
  }

  norm(x: Activation, norm: GroupNorm): Activation {
    if (this.#without === "norms") return exportedNorm(this.#graph, this, x, norm);
    return this.#normalised(x, norm, 1);
  }

  normMish(x: Activation, norm: GroupNorm): Activation {
    if (this.#without === "norms") return this.mish(this.norm(x, norm));
    const negative = this.#normalised(x, norm, -1);
    return this.#made(
      "cube",
      mishOfNegative(this.#graph, negative.tensor, this.#without),
      x.steps,
      x.channels,
    );
  }

  mish(x: Activation): Activation {
    const negative = this.#graph.op("Neg", [this.#as(x, "cube")]);
    return this.#made("cube", mishOfNegative(this.#graph, negative, this.#without), x.steps, x.channels);
  }

  film(op: "Mul" | "Add", x: Activation, term: string): Activation {
    return this.#made("cube", this.#graph.op(op, [this.#as(x, "cube"), term]), x.steps, x.channels);
  }

  elementwise(node: NodeProto, of: readonly Activation[]): Activation {
    const inputs = of.map((x) => this.#as(x, "cube"));
    return this.#made("cube", this.#graph.like(node, inputs), of[0].steps, of[0].channels);
  }

  concat(of: readonly Activation[]): Activation {
    const inputs = of.map((x) => this.#as(x, "cube"));
    const channels = of.reduce((sum, x) => sum + x.channels, 0);
    return this.#made("cube", this.#graph.op("Concat", inputs, { axis: 2 }), of[0].steps, channels);
  }

  /** x · S + T with small S and T of every sample and channel; `sign` -1 gives the negative for nothing. */
  #normalised(x: Activation, norm: GroupNorm, sign: 1 | -1): Activation {
    const graph = this.#graph;
    const { groups, epsilon } = norm;
    const [mean, square] = x.steps <= MOST_REDUCED_STEPS ? this.#reduced(x, groups) : this.#summed(x, groups);
    const variance = graph.op("Sub", [square, graph.op("Mul", [mean, mean])]);
    const deviation = graph.op("Sqrt", [graph.op("Add", [variance, graph.floats([], [epsilon])])]);
    const inverse = graph.op("Reciprocal", [deviation]);
    const spread = spreadOverGroups(norm, x.channels, sign);
    const s = graph.op("MatMul", [inverse, graph.floats([groups, x.channels], spread)]);
    const t = graph.op("Gemm", [
      graph.op("Mul", [mean, inverse]),
      graph.floats(
        [groups, x.channels],
        spread.map((value) => -value),
      ),
      graph.floats(
        [x.channels],
        norm.shift.map((value) => sign * value),
      ),
    ]);
    const scaled = graph.op("Mul", [this.#as(x, "cube"), s]);
    return this.#made("cube", graph.op("Add", [scaled, t]), x.steps, x.channels);
  }

  /** Mean and mean square of every sample and group, [B, groups]. */
  #reduced(x: Activation, groups: number): string[] {
    const grouped = this.#as(x, groups);
    const axes = this.#graph.integers([0, 3]);
    return [grouped, this.#graph.op("Mul", [grouped, grouped])].map((values) =>
      this.#graph.op("ReduceMean", [values, axes], { keepdims: 0 }),
    );
  }

  #summed(x: Activation, groups: number): string[] {
    const graph = this.#graph;
    const { steps, channels } = x;
    const flat = this.#as(x, "flat");
    const ones = graph.floats([1, steps], new Array<number>(steps).fill(1));
    const size = channels / groups;
    const average = new Float64Array(channels * groups);
    for (let c = 0; c < channels; c++) average[c * groups + Math.floor(c / size)] = 1 / (size * steps);
    const weights = graph.floats([channels, groups], average);
    return [flat, graph.op("Mul", [flat, flat])].map((values) =>
      graph.op("MatMul", [graph.reshape(graph.op("MatMul", [ones, values]), -1, channels), weights]),
    );
  }

  #matrix(rows: readonly (readonly number[])[]): string {
    return this.#graph.floats([rows.length, rows[0].length], rows.flat());
  }

  #made(form: Form, tensor: string, steps: number, channels: number): Activation {
    this.#forms.set(`${tensor} ${form}`, tensor);
    return { tensor, steps, channels };
  }

  #as({ tensor, steps, channels }: Activation, form: Form): string {
    const key = `${tensor} ${form}`;
    const known = this.#forms.get(key);
    if (known) return known;
    const dims = {
      flat: [steps, -1],
      cube: [steps, -1, channels],
      rows: [-1, channels],
    };
    const shape = typeof form === "number" ? [steps, -1, form, channels / form] : dims[form];
    const view = this.#graph.reshape(tensor, ...shape);
    this.#forms.set(key, view);
    return view;
  }
}

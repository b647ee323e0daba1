import type { GraphBuilder } from "../../onnx/graph-builder.js";
import type { NodeProto } from "../../onnx/onnx_pb.js";
import type { Convolution, GroupNorm, Layout, Sequence } from "../layers.js";
import type { Activation, Rewrite, Target } from "../target.js";
import { exportedNorm } from "./exported-norm.js";
import { mishOfNegative } from "./mish.js";

/**
 * Activations are [batch, steps, channels]: the taps of a convolution are brought side by side, and meet one weight matrix.
 * Few nodes, for one row or a handful.
 */
export class Rows implements Target {
  readonly termRank = 3;
  readonly mostParts: number = Number.POSITIVE_INFINITY;
  protected readonly graph: GraphBuilder;
  protected readonly without: Rewrite | undefined;

  constructor(graph: GraphBuilder, without?: Rewrite) {
    this.graph = graph;
    this.without = without;
  }

  enter(tensor: string, layout: Layout, { steps, channels }: Sequence): Activation {
    const turned = layout === "nlc" ? tensor : this.graph.op("Transpose", [tensor], { perm: [0, 2, 1] });
    return { tensor: turned, steps, channels };
  }

  leave({ tensor }: Activation, layout: Layout): string {
    return layout === "nlc" ? tensor : this.graph.op("Transpose", [tensor], { perm: [0, 2, 1] });
  }

  convolution(x: Activation, convolution: Convolution): Activation {
    const { from, to, steps: each, phases } = convolution;
    const first = Math.min(...phases.map((phase) => phase.first));
    const last = Math.max(...phases.map((phase) => phase.first + phase.taps.length - 1));
    const taps = last - first + 1;
    const rows = this.#sideBySide(x, convolution, first, taps);
    const width = phases.length * to;
    const weights = new Float32Array(taps * from * width);
    const biases = new Float32Array(width);
    phases.forEach((phase, p) => {
      biases.set(Array.from(phase.bias), p * to);
      phase.taps.forEach((tap, k) => {
        for (let c = 0; c < from; c++) {
          const row = ((phase.first - first + k) * from + c) * width + p * to;
          weights.set(tap.subarray(c * to, (c + 1) * to), row);
        }
      });
    });
    const product = this.product(rows, [taps * from, width], weights, biases);
    const steps = each * phases.length;
    return { tensor: this.graph.reshape(product, -1, steps, to), steps, channels: to };
  }

  norm(x: Activation, norm: GroupNorm): Activation {
    if (this.without === "norms") return exportedNorm(this.graph, this, x, norm);
    return this.ungrouped(this.normalised(x, norm, 1), x);
  }

  normMish(x: Activation, norm: GroupNorm): Activation {
    if (this.without === "norms") return this.mish(this.norm(x, norm));
    return this.ungrouped(mishOfNegative(this.graph, this.normalised(x, norm, -1), this.without), x);
  }

  mish(x: Activation): Activation {
    return { ...x, tensor: mishOfNegative(this.graph, this.graph.op("Neg", [x.tensor]), this.without) };
  }

  film(op: "Mul" | "Add", x: Activation, term: string): Activation {
    return { ...x, tensor: this.graph.op(op, [x.tensor, term]) };
  }

  elementwise(node: NodeProto, of: readonly Activation[]): Activation {
    return {
      ...of[0],
      tensor: this.graph.like(
        node,
        of.map((x) => x.tensor),
      ),
    };
  }

  concat(of: readonly Activation[]): Activation {
    const inputs = of.map((x) => x.tensor);
    const channels = of.reduce((sum, x) => sum + x.channels, 0);
    return { ...of[0], channels, tensor: this.graph.op("Concat", inputs, { axis: 2 }) };
  }

  /** [rows, from] times [from, to], and a number for every column. */
  protected product(
    rows: string,
    dims: readonly [number, number],
    weights: Float32Array,
    biases: Float32Array,
  ): string {
    const { graph } = this;
    return graph.op("Gemm", [rows, graph.floats(dims, weights), graph.floats([dims[1]], biases)]);
  }

  /** [batch · steps, taps · channels], by a product with a matrix of zeros and ones, which pads as well. */
  #sideBySide(x: Activation, { stride, steps }: Convolution, first: number, taps: number): string {
    const { graph } = this;
    const { channels } = x;
    if (taps === 1 && first === 0 && stride === 1 && steps === x.steps) {
      return graph.reshape(x.tensor, -1, channels);
    }
    const pick = new Float32Array(steps * taps * x.steps);
    for (let i = 0; i < steps; i++) {
      for (let k = 0; k < taps; k++) {
        const step = i * stride + first + k;
        if (step >= 0 && step < x.steps) pick[(i * taps + k) * x.steps + step] = 1;
      }
    }
    const picked = graph.op("MatMul", [graph.floats([steps * taps, x.steps], pick), x.tensor]);
    return graph.reshape(picked, -1, taps * channels);
  }

  /** [batch, groups, steps, channels / groups] */
  protected normalised({ tensor, steps, channels }: Activation, norm: GroupNorm, sign: 1 | -1): string {
    const { graph } = this;
    const { groups, epsilon } = norm;
    const size = channels / groups;
    const grouped = graph.op("Transpose", [graph.reshape(tensor, -1, steps, groups, size)], {
      perm: [0, 2, 1, 3],
    });
    const ones = graph.floats([steps, size], new Array<number>(steps * size).fill(1));
    const standard = graph.op("LayerNormalization", [grouped, ones], {
      axis: -2,
      epsilon: { float: epsilon },
    });
    const signed = (values: Float64Array) =>
      graph.floats(
        [groups, 1, size],
        values.map((value) => sign * value),
      );
    return graph.op("Add", [graph.op("Mul", [standard, signed(norm.scale)]), signed(norm.shift)]);
  }

  protected ungrouped(tensor: string, x: Activation): Activation {
    const together = this.graph.op("Transpose", [tensor], { perm: [0, 2, 1, 3] });
    return { ...x, tensor: this.graph.reshape(together, -1, x.steps, x.channels) };
  }
}

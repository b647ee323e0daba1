import { opsetOf, readModel, writeModel } from "../onnx/model.js";
import { ConfigurationError } from "../policy/errors.js";
import { type Evaluate, evaluateInOnnxruntime } from "./evaluate.js";
import type { GraphBuilder } from "./graph-builder.js";
import { recognise } from "./recognise.js";
import { Source } from "./source.js";
import type { Rewrite, Target } from "./target.js";
import { Rows } from "./targets/rows.js";
import { TimeFirst } from "./targets/time-first.js";
import { LEAST_OPSET, write } from "./write.js";

export interface OptimizeOptions {
  /** Noise levels of the policy. */
  readonly levels: number;
  /** What runs parts of the graph while it is searched; onnxruntime, unless told otherwise. */
  readonly evaluate?: Evaluate;
  /** A rewrite to leave out, to see what it is worth. */
  readonly without?: Rewrite;
}

export interface OptimizedGraph {
  readonly name: "small" | "large";
  /** From how many rows it is expected to be the fastest; measure where it matters. */
  readonly fromRows: number;
  readonly bytes: Uint8Array;
}

export interface Count {
  readonly name: string;
  readonly count: number;
}

export interface Optimized {
  /** By ascending {@link OptimizedGraph.fromRows}; empty when nothing was recognised. */
  readonly graphs: readonly OptimizedGraph[];
  readonly report: {
    readonly rewrites: readonly Count[];
    /** Operators that stayed as they are. */
    readonly kept: readonly Count[];
  };
}

const TARGETS: readonly Pick<OptimizedGraph, "name" | "fromRows">[] = [
  { name: "small", fromRows: 1 },
  { name: "large", fromRows: 5 },
];

/**
 * Rewrites a noise network into graphs that compute the same faster on a CPU: one for few rows, one for batches.
 *
 * @param network an ONNX file with inputs sample [batch, H, D], level [batch] and observation [1, O].
 * @throws ConfigurationError when it is no such file, or cannot be run or rewritten.
 * @example
 * const { graphs, report } = await optimize(bundle.network, { levels: 100 });
 */
export async function optimize(
  network: Uint8Array,
  { levels, evaluate = evaluateInOnnxruntime, without }: OptimizeOptions,
): Promise<Optimized> {
  const model = readModel(network);
  const opset = opsetOf(model);
  const { node } = model.graph;
  if (opset < LEAST_OPSET) {
    throw new ConfigurationError(
      `the network is written in opset ${opset}; export it again with opset_version=${LEAST_OPSET} or later`,
    );
  }
  const branching = node.find(({ attribute }) => attribute.some(({ g, graphs }) => g || graphs.length > 0));
  if (branching) {
    throw new ConfigurationError(
      `the network branches at run time (${branching.opType} "${branching.name}"): export it again without`,
    );
  }
  const source = await Source.of(model, levels, evaluate);
  const recognised = recognise(source);
  const written = TARGETS.map(({ name, fromRows }) => ({
    name,
    fromRows,
    ...write(source, recognised, (graph) => targetOf(name, graph, without), without),
  }));
  const [{ rewrites, kept }] = written;
  const graphs =
    rewrites.size === 0
      ? []
      : written.map(({ name, fromRows, model }) => ({ name, fromRows, bytes: writeModel(model) }));
  return { graphs, report: { rewrites: counted(rewrites), kept: counted(kept) } };
}

function targetOf(name: OptimizedGraph["name"], graph: GraphBuilder, without?: Rewrite): Target {
  return name === "small" ? new Rows(graph, without) : new TimeFirst(graph, without);
}

function counted(counts: ReadonlyMap<string, number>): Count[] {
  return [...counts].map(([name, count]) => ({ name, count }));
}

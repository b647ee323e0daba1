import type { GraphBuilder } from "../onnx/graph-builder.js";
import { opsetOf, readModel, writeModel } from "../onnx/model.js";
import { TensorProto_DataType } from "../onnx/onnx_pb.js";
import { ConfigurationError } from "../policy/errors.js";
import { type Evaluate, evaluateInOnnxruntime } from "./evaluate.js";
import { LEAST_OPSET } from "./model-of.js";
import { ObservationGraph } from "./observation-graph.js";
import { recognise } from "./recognise.js";
import { Source } from "./source.js";
import type { Rewrite, Target } from "./target.js";
import { HalfLaunches, Launches, RehearsedHalf } from "./targets/launches.js";
import { Rows } from "./targets/rows.js";
import { TimeFirst } from "./targets/time-first.js";
import { write } from "./write.js";

export interface OptimizeOptions {
  /** Noise levels of the policy. */
  readonly levels: number;
  /** Graphs for this alone. */
  readonly for?: OptimizedGraph["for"];
  /** What runs parts of the graph while it is searched; onnxruntime, unless told otherwise. */
  readonly evaluate?: Evaluate;
  /** A rewrite to leave out, to see what it is worth; in single precision. */
  readonly without?: Rewrite;
}

export interface OptimizedGraph {
  readonly name: "small" | "large" | "gpu" | "gpu-half";
  readonly for: "cpu" | "gpu";
  readonly precision: "float32" | "float16";
  /** From how many rows it is expected to be the fastest; measure where it matters. */
  readonly fromRows: number;
  readonly bytes: Uint8Array;
  readonly nodes: number;
  /** What it computes on a GPU, for a CPU that would compute it more precisely. */
  readonly rehearsal?: Uint8Array;
}

export interface Count {
  readonly name: string;
  readonly count: number;
}

export interface Optimized {
  /** Those for the CPU by ascending {@link OptimizedGraph.fromRows}; empty when nothing was recognised. */
  readonly graphs: readonly OptimizedGraph[];
  /**
   * Gives the inputs that the graphs have in the observation's place, from `observation` [1, O]; undefined when they take the
   * observation itself, because nothing depends on it alone.
   */
  readonly observation?: Uint8Array;
  readonly report: {
    readonly rewrites: readonly Count[];
    /** Operators that run once per tick. */
    readonly once: readonly Count[];
    /** Operators that stayed as they are. */
    readonly kept: readonly Count[];
  };
}

type TargetOf = new (graph: GraphBuilder, without?: Rewrite) => Target;

const TARGETS: readonly (Omit<OptimizedGraph, "bytes" | "nodes" | "rehearsal"> & {
  readonly target: TargetOf;
  readonly rehearsed?: TargetOf;
})[] = [
  { name: "small", for: "cpu", precision: "float32", fromRows: 1, target: Rows },
  { name: "large", for: "cpu", precision: "float32", fromRows: 5, target: TimeFirst },
  { name: "gpu", for: "gpu", precision: "float32", fromRows: 1, target: Launches },
  {
    name: "gpu-half",
    for: "gpu",
    precision: "float16",
    fromRows: 1,
    target: HalfLaunches,
    rehearsed: RehearsedHalf,
  },
];

/**
 * Rewrites a noise network into graphs that compute the same faster: for a CPU one for few rows and one for batches, for a
 * GPU one in single and one in half precision, and for all of them one that is run once per observation.
 *
 * @param network an ONNX file with inputs sample [batch, H, D], level [batch] and observation [1, O].
 * @throws ConfigurationError when it is no such file, or cannot be run or rewritten.
 * @example
 * const { graphs, report } = await optimize(bundle.network, { levels: 100 });
 */
export async function optimize(
  network: Uint8Array,
  { levels, for: only, evaluate = evaluateInOnnxruntime, without }: OptimizeOptions,
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
  const observation = without === "observation" ? undefined : new ObservationGraph(source);
  const writeFor = (target: TargetOf) =>
    write(source, recognised, (graph) => new target(graph, without), observation, without);
  const wanted = TARGETS.filter(
    (target) =>
      (only === undefined || target.for === only) &&
      (target.precision === "float32" || without === undefined),
  );
  const written = wanted.map(({ target, rehearsed, ...what }) => ({
    what,
    ...writeFor(target),
    rehearsal: rehearsed && writeFor(rehearsed).model,
  }));
  const [{ rewrites, kept }] = written;
  const once = counted(observation?.operators ?? new Map());
  const report = { rewrites: counted(rewrites), once, kept: counted(kept) };
  if (rewrites.size === 0) return { graphs: [], report };
  // Where no product is wide enough for half precision, that graph would be the same as in single.
  const isAsSaid = ({ what, model }: (typeof written)[number]) =>
    what.precision === "float32" ||
    model.graph?.initializer.some(({ dataType }) => dataType === TensorProto_DataType.FLOAT16);
  const graphs = written.filter(isAsSaid).map(({ what, model, rehearsal }) => ({
    ...what,
    bytes: writeModel(model),
    nodes: model.graph?.node.length ?? 0,
    ...(rehearsal ? { rehearsal: writeModel(rehearsal) } : {}),
  }));
  const terms = observation?.model();
  return { graphs, ...(terms ? { observation: writeModel(terms) } : {}), report };
}

function counted(counts: ReadonlyMap<string, number>): Count[] {
  return [...counts].map(([name, count]) => ({ name, count }));
}

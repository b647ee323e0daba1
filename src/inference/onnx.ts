import * as ort from "onnxruntime-node";
import { ConfigurationError } from "../policy/errors.js";
import { observationWidth } from "../policy/manifest.js";
import type { ChunkShape, NoiseNetwork } from "../sampling/denoiser.js";
import { monotonicMs } from "../time/clock.js";
import { graphAt, graphsFor, type NetworkFiles } from "./graphs.js";
import { type Runtime, sessionOptions } from "./runtime.js";
import { forWebgpu } from "./webgpu-graph.js";

/** A graph that is ready to run. */
interface LoadedGraph {
  readonly fromRows: number;
  readonly session: ort.InferenceSession;
}

/**
 * The noise network of a bundle in onnxruntime, as one graph or as several for different batch sizes. A graph takes
 * `sample` [batch, H, D] float32, `level` [batch] int64 and `observation` [1, To · O] float32, one row for the whole
 * batch, and gives `noise` [batch, H, D] float32.
 */
export class OnnxNetwork implements NoiseNetwork {
  readonly shape: ChunkShape;
  readonly #graphs: readonly LoadedGraph[];
  #sample: Float32Array;
  /** int64 on the wire to the network, written through its low words: levels are small and not negative. */
  #level: Int32Array;
  #capacity = 0;
  readonly #observation: Float32Array;
  readonly #feeds = new Map<number, ort.InferenceSession.FeedsType>();
  #runMs = 0;

  private constructor(graphs: readonly LoadedGraph[], shape: ChunkShape, observations: number) {
    this.shape = shape;
    this.#graphs = graphs;
    this.#sample = new Float32Array();
    this.#level = new Int32Array();
    this.#observation = new Float32Array(observations);
  }

  /**
   * Loads the graphs that the provider runs of this policy.
   *
   * @throws ConfigurationError when the bytes are no ONNX model, when its inputs or outputs do not fit the manifest, or
   * when the execution provider cannot run it. An optimised graph that fails is not silently done without.
   */
  static async load(files: NetworkFiles, runtime: Runtime): Promise<OnnxNetwork> {
    const { manifest, network } = files;
    const shape = { horizon: manifest.horizon, dim: manifest.action.length };
    const observations = manifest.n_obs_steps * observationWidth(manifest);
    const loaded: LoadedGraph[] = [];
    for (const { file, fromRows, bytes } of graphsFor(files, runtime.provider)) {
      const without = bytes === network ? "" : `; ${WITHOUT_IT}`;
      let session: ort.InferenceSession;
      try {
        const graph = runtime.provider === "webgpu" ? forWebgpu(bytes) : bytes;
        session = await ort.InferenceSession.create(graph, sessionOptions(runtime));
      } catch (error) {
        throw new ConfigurationError(
          `onnxruntime cannot load ${file} on provider "${runtime.provider}": ${(error as Error).message}${without}`,
        );
      }
      const problem = signatureProblem(session, shape, observations);
      if (problem) throw new ConfigurationError(`${file}: ${problem}${without}`);
      loaded.push({ fromRows, session });
    }
    return new OnnxNetwork(loaded, shape, observations);
  }

  /** Sets the observation that the next predictions are conditioned on: [To · O], normalised, oldest first. */
  observe(observation: Float64Array): void {
    this.#observation.set(observation);
  }

  /** Milliseconds that the network has run since it was loaded. */
  get runMs(): number {
    return this.#runMs;
  }

  async predictNoise(
    states: Float64Array,
    levels: Int32Array,
    rows: number,
    out: Float64Array,
  ): Promise<void> {
    const size = this.shape.horizon * this.shape.dim;
    if (rows > this.#capacity) this.#grow(rows);
    for (let k = 0; k < rows * size; k++) this.#sample[k] = states[k];
    for (let row = 0; row < rows; row++) this.#level[2 * row] = levels[row];
    const feeds = this.#feedsFor(rows);
    const began = monotonicMs();
    const { noise } = await graphAt(this.#graphs, rows).session.run(feeds);
    this.#runMs += monotonicMs() - began;
    if (noise.size !== rows * size) {
      throw new Error(
        `the network answered [${noise.dims.join(", ")}] to a batch of ${rows}; export it with a free batch size`,
      );
    }
    out.set((noise.data as Float32Array).subarray(0, rows * size));
  }

  #grow(rows: number): void {
    this.#capacity = rows;
    this.#sample = new Float32Array(rows * this.shape.horizon * this.shape.dim);
    this.#level = new Int32Array(rows * 2);
    this.#feeds.clear();
  }

  /** Tensors over the same memory for every batch size, made once per size. */
  #feedsFor(rows: number): ort.InferenceSession.FeedsType {
    let feeds = this.#feeds.get(rows);
    if (!feeds) {
      const { horizon, dim } = this.shape;
      feeds = {
        sample: new ort.Tensor("float32", this.#sample.subarray(0, rows * horizon * dim), [
          rows,
          horizon,
          dim,
        ]),
        level: new ort.Tensor("int64", new BigInt64Array(this.#level.buffer as ArrayBuffer, 0, rows), [rows]),
        observation: new ort.Tensor("float32", this.#observation, [1, this.#observation.length]),
      };
      this.#feeds.set(rows, feeds);
    }
    return feeds;
  }

  async close(): Promise<void> {
    for (const { session } of this.#graphs) await session.release();
  }
}

const WITHOUT_IT =
  "make it anew with parapilot optimize, or take it out of denoiser.optimized in policy.yaml: the policy runs without, slower";

/** What of a graph's inputs and outputs does not fit the manifest, if anything. */
function signatureProblem(
  session: ort.InferenceSession,
  { horizon, dim }: ChunkShape,
  observations: number,
): string | undefined {
  const expected = {
    inputs: {
      sample: ["float32", ["batch", horizon, dim]],
      level: ["int64", ["batch"]],
      observation: ["float32", [1, observations]],
    },
    outputs: { noise: ["float32", ["batch", horizon, dim]] },
  } as const;
  for (const [side, metadata] of [
    ["inputs", session.inputMetadata],
    ["outputs", session.outputMetadata],
  ] as const) {
    const wanted = Object.entries(expected[side]);
    const found = metadata.map((value) =>
      value.isTensor ? `${value.name} ${value.type} ${show(value.shape)}` : value.name,
    );
    const fits =
      wanted.length === metadata.length &&
      wanted.every(([name, [type, shape]]) =>
        metadata.some(
          (value) => value.isTensor && value.name === name && value.type === type && same(value.shape, shape),
        ),
      );
    if (!fits) {
      const names = wanted.map(([name, [type, shape]]) => `${name} ${type} ${show(shape)}`);
      return (
        `the network's ${side} are ${found.join(", ")}; the manifest needs ${names.join(", ")}: ` +
        "correct horizon, action, n_obs_steps or observation in policy.yaml, or export the network again"
      );
    }
  }
  return undefined;
}

function same(found: readonly (number | string)[], wanted: readonly (number | string)[]): boolean {
  return (
    found.length === wanted.length &&
    wanted.every((side, k) => (typeof side === "string" ? typeof found[k] === "string" : found[k] === side))
  );
}

function show(shape: readonly (number | string)[]): string {
  return `[${shape.join(", ")}]`;
}

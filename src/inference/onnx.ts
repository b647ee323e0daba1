import * as ort from "onnxruntime-node";
import { ConfigurationError } from "../policy/errors.js";
import { observationWidth } from "../policy/manifest.js";
import type { ChunkShape, NoiseNetwork } from "../sampling/denoiser.js";
import { monotonicMs } from "../time/clock.js";
import { graphAt, graphsFor, type NetworkFiles, OBSERVATION_OF_ROW } from "./graphs.js";
import { ObservationTerms } from "./observation-terms.js";
import { openGraph } from "./open-graph.js";
import type { Runtime } from "./runtime.js";
import { type Side, sideProblem } from "./signature.js";

/** A graph that is ready to run. */
interface LoadedGraph {
  readonly fromRows: number;
  readonly session: ort.InferenceSession;
  /** Gives its inputs in the observation's place. */
  readonly terms: ObservationTerms | undefined;
}

/**
 * The noise network of a bundle in onnxruntime, as one graph or as several for different batch sizes. A graph takes
 * `sample` [batch, H, D] float32, `level` [batch] int64 and `observation` [1, To · O] float32, one row for the whole
 * batch, and gives `noise` [batch, H, D] float32. An optimised graph may take in the observation's place what another one,
 * run once per observation, makes of it. Those of joint files take several observations, and which of them is whose.
 */
export class OnnxNetwork implements NoiseNetwork {
  readonly shape: ChunkShape;
  readonly #graphs: readonly LoadedGraph[];
  readonly #isJoint: boolean;
  /** Numbers of one observation. */
  readonly #width: number;
  #sample: Float32Array;
  /** int64 on the wire to the network, written through its low words: levels are small and not negative. */
  #level: Int32Array;
  /** As `#level` is. */
  #owner: Int32Array;
  #capacity = 0;
  #observation: Float32Array;
  readonly #feeds = new Map<number, Feeds>();
  #runMs = 0;

  private constructor(
    graphs: readonly LoadedGraph[],
    shape: ChunkShape,
    observations: number,
    isJoint: boolean,
  ) {
    this.shape = shape;
    this.#graphs = graphs;
    this.#isJoint = isJoint;
    this.#width = observations;
    this.#sample = new Float32Array();
    this.#level = new Int32Array();
    this.#owner = new Int32Array();
    this.#observation = new Float32Array(observations);
  }

  /**
   * Loads the graphs that the provider runs of this policy.
   *
   * @throws ConfigurationError when the bytes are no ONNX model, when its inputs or outputs do not fit the manifest, or
   * when the execution provider cannot run it. An optimised graph that fails is not silently done without.
   */
  static async load(files: NetworkFiles, runtime: Runtime): Promise<OnnxNetwork> {
    const { manifest, network, isJoint = false } = files;
    const shape = { horizon: manifest.horizon, dim: manifest.action.length };
    const observations = manifest.n_obs_steps * observationWidth(manifest);
    const loaded: LoadedGraph[] = [];
    const known = new Map<string, ObservationTerms>();
    for (const { file, fromRows, bytes, observation } of graphsFor(files, runtime.provider)) {
      const remedy = bytes === network ? "" : WITHOUT_IT;
      const session = await openGraph(file, bytes, runtime, { remedy });
      const hasTerms = observation !== undefined && !session.inputNames.includes("observation");
      const terms = hasTerms
        ? (known.get(observation.sha256) ??
          (await ObservationTerms.load(observation, observations, runtime, isJoint)))
        : undefined;
      if (hasTerms && terms) known.set(observation.sha256, terms);
      const problem = signatureProblem(session, shape, observations, terms, isJoint);
      if (problem) throw new ConfigurationError(`${file}: ${problem}${remedy}`);
      loaded.push({ fromRows, session, terms });
    }
    return new OnnxNetwork(loaded, shape, observations, isJoint);
  }

  /**
   * Sets what the next predictions are conditioned on: see {@link PolicyNetwork.observe}.
   *
   * @throws RangeError when that is more or less than the network takes.
   */
  observe(observation: Float64Array): void {
    if (observation.length !== this.#observation.length) this.#makeRoomFor(observation.length);
    this.#observation.set(observation);
    for (const { terms } of this.#graphs) terms?.forget();
  }

  /** Rows from which another graph answers. */
  get thresholds(): readonly number[] {
    return this.#graphs.map(({ fromRows }) => fromRows).slice(1);
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
    owners?: Int32Array,
  ): Promise<void> {
    const size = this.shape.horizon * this.shape.dim;
    if (rows > this.#capacity) this.#grow(rows);
    for (let k = 0; k < rows * size; k++) this.#sample[k] = states[k];
    for (let row = 0; row < rows; row++) this.#level[2 * row] = levels[row];
    if (this.#isJoint) for (let row = 0; row < rows; row++) this.#owner[2 * row] = owners?.[row] ?? 0;
    const { session, terms } = graphAt(this.#graphs, rows);
    const { observation, ...feeds } = this.#feedsFor(rows);
    const began = monotonicMs();
    const observed = terms ? await terms.of(observation) : { observation };
    const { noise } = await session.run(fed(session, feeds, observed));
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
    this.#owner = new Int32Array(rows * 2);
    this.#feeds.clear();
  }

  #makeRoomFor(values: number): void {
    const isWhole = values > 0 && values % this.#width === 0;
    if (!isWhole || !this.#isJoint) {
      const wanted = this.#isJoint ? `a multiple of ${this.#width}` : this.#width;
      throw new RangeError(`an observation has ${wanted} values, not ${values}`);
    }
    this.#observation = new Float32Array(values);
    this.#feeds.clear();
  }

  /** Tensors over the same memory for every batch size, made once per size. */
  #feedsFor(rows: number): Feeds {
    let feeds = this.#feeds.get(rows);
    if (!feeds) {
      const { horizon, dim } = this.shape;
      const wholeNumbers = (words: Int32Array) =>
        new ort.Tensor("int64", new BigInt64Array(words.buffer as ArrayBuffer, 0, rows), [rows]);
      feeds = {
        sample: new ort.Tensor("float32", this.#sample.subarray(0, rows * horizon * dim), [
          rows,
          horizon,
          dim,
        ]),
        level: wholeNumbers(this.#level),
        [OBSERVATION_OF_ROW]: wholeNumbers(this.#owner),
        observation: new ort.Tensor("float32", this.#observation, [
          this.#observation.length / this.#width,
          this.#width,
        ]),
      };
      this.#feeds.set(rows, feeds);
    }
    return feeds;
  }

  async close(): Promise<void> {
    for (const { session } of this.#graphs) await session.release();
    for (const terms of new Set(this.#graphs.map((graph) => graph.terms))) await terms?.close();
  }
}

type Feeds = Readonly<Record<"sample" | "level" | "observation" | typeof OBSERVATION_OF_ROW, ort.Tensor>>;

/** Those of the tensors that a graph takes. */
function fed(
  { inputNames }: ort.InferenceSession,
  feeds: ort.InferenceSession.FeedsType,
  observed: ort.InferenceSession.FeedsType,
): ort.InferenceSession.FeedsType {
  const all = { ...feeds, ...observed };
  return Object.fromEntries(inputNames.map((name) => [name, all[name]]));
}

const WITHOUT_IT =
  "; make it anew with parapilot optimize, or take it out of denoiser.optimized in policy.yaml: the policy runs without, slower";

/** What of a graph's inputs and outputs does not fit the manifest and the terms, if anything. */
function signatureProblem(
  { inputNames, inputMetadata, outputMetadata }: ort.InferenceSession,
  { horizon, dim }: ChunkShape,
  observations: number,
  terms: ObservationTerms | undefined,
  isJoint: boolean,
): string | undefined {
  const observed: Side = {
    ...(terms?.inputs(inputNames) ?? {
      observation: ["float32", [isJoint ? "observations" : 1, observations]],
    }),
    ...(isJoint ? { [OBSERVATION_OF_ROW]: ["int64", ["batch"]] } : {}),
  };
  const chunk = ["float32", ["batch", horizon, dim]] as const;
  return (
    sideProblem("inputs", inputMetadata, { sample: chunk, level: ["int64", ["batch"]], ...observed }) ??
    sideProblem("outputs", outputMetadata, { noise: chunk })
  );
}

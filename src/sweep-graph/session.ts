import * as ort from "onnxruntime-node";
import { openGraph } from "../inference/open-graph.js";
import type { Runtime } from "../inference/runtime.js";
import { ConfigurationError } from "../policy/errors.js";
import { monotonicMs } from "../time/clock.js";
import { INPUTS, OUTPUTS } from "./compose.js";

/** What a call of a sweep graph gives; the arrays are its own. */
export interface Swept {
  /** [steps · n] what the last sweep expects of the next. */
  readonly clean: Float32Array;
  /** [sweeps · n] the chunk after every sweep. */
  readonly chunks: Float32Array;
  /** [sweeps · 2] largest movement and largest surprise of every sweep. */
  readonly changes: Float32Array;
}

/** A sweep graph that is ready to run, several sweeps in a call. */
export class SweepSession {
  /** Sweeps in one call. */
  readonly sweeps: number;
  readonly #session: ort.InferenceSession;
  readonly #feeds: Readonly<Record<"base" | "model" | "observation", ort.TypedTensor<"float32">>>;
  #runMs = 0;

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
    const tensor = (name: string) => {
      const dims = dimsOf(session.inputMetadata, name);
      return new ort.Tensor("float32", new Float32Array(dims.reduce((size, side) => size * side, 1)), dims);
    };
    this.#feeds = {
      base: tensor(INPUTS.base),
      model: tensor(INPUTS.model),
      observation: tensor("observation"),
    };
    this.sweeps = dimsOf(session.outputMetadata, OUTPUTS.change)[0];
  }

  /**
   * @param bytes from `composeSweeps`.
   * @throws ConfigurationError when the execution provider cannot run it.
   */
  static async load(bytes: Uint8Array, runtime: Runtime): Promise<SweepSession> {
    return new SweepSession(await openGraph("the sweep graph", bytes, runtime));
  }

  /** Sets the observation that sweeps are conditioned on: [To · O], normalised, oldest first. */
  observe(observation: Float64Array): void {
    this.#feeds.observation.data.set(observation);
  }

  /** Milliseconds that the graph has run since it was loaded. */
  get runMs(): number {
    return this.#runMs;
  }

  /**
   * @param base [(steps + 1) · n] the states that the rule makes of the noise alone.
   * @param model [steps · n] the clean predictions that are expected.
   */
  async sweep(base: ArrayLike<number>, model: ArrayLike<number>): Promise<Swept> {
    this.#feeds.base.data.set(base);
    this.#feeds.model.data.set(model);
    const { observation } = this.#feeds;
    const feeds = { [INPUTS.base]: this.#feeds.base, [INPUTS.model]: this.#feeds.model, observation };
    const began = monotonicMs();
    const answer = await this.#session.run(feeds);
    this.#runMs += monotonicMs() - began;
    const data = (name: string) => answer[name].data as Float32Array;
    return { clean: data(OUTPUTS.clean), chunks: data(OUTPUTS.chunk), changes: data(OUTPUTS.change) };
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}

function dimsOf(metadata: readonly ort.InferenceSession.ValueMetadata[], name: string): readonly number[] {
  const found = metadata.find((value) => value.name === name);
  const shape = found?.isTensor ? found.shape : [];
  if (shape.length === 0 || shape.some((side) => typeof side !== "number")) {
    throw new ConfigurationError(`the graph has no tensor "${name}" of a fixed size: it is no sweep graph`);
  }
  return shape as number[];
}

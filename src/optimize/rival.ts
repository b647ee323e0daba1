import * as ort from "onnxruntime-node";
import { openGraph } from "../inference/open-graph.js";
import type { Runtime } from "../inference/runtime.js";
import type { Numbers } from "../onnx/tensor.js";
import { quantile } from "../telemetry/statistics.js";

const ONCE_CALLS = 21;

/** Inputs of a noise network. */
export type Feeds = ReadonlyMap<string, Numbers>;

/** One graph of a noise network, to be compared with others; with the graph that gives it its terms of the observation. */
export class Rival {
  readonly name: string;
  readonly #session: ort.InferenceSession;
  readonly #observation: ort.InferenceSession | undefined;

  private constructor(
    name: string,
    session: ort.InferenceSession,
    observation: ort.InferenceSession | undefined,
  ) {
    this.name = name;
    this.#session = session;
    this.#observation = observation;
  }

  /** @throws ConfigurationError when the provider cannot run the graph. */
  static async load(
    name: string,
    bytes: Uint8Array,
    runtime: Runtime,
    observation?: Uint8Array,
  ): Promise<Rival> {
    const session = await openGraph(`the ${name} graph`, bytes, runtime);
    return new Rival(
      name,
      session,
      observation && (await openGraph("the observation graph", observation, runtime)),
    );
  }

  /** The network's answer, [rows · H · D]. */
  async noise(feeds: Feeds): Promise<Float32Array> {
    const answer = await this.#session.run(await this.#tensors(feeds));
    return answer.noise.data as Float32Array;
  }

  /** Milliseconds of every one of so many calls; what is computed once per observation is none of them. */
  async time(feeds: Feeds, calls: number): Promise<number[]> {
    const ready = await this.#tensors(feeds);
    const times: number[] = [];
    for (let call = 0; call < calls; call++) {
      const began = performance.now();
      await this.#session.run(ready);
      times.push(performance.now() - began);
    }
    return times;
  }

  /** Milliseconds of what is computed once per observation, in the middle of a few calls; null when nothing is. */
  async onceMs(feeds: Feeds): Promise<number | null> {
    if (!this.#observation) return null;
    const { observation } = tensors(feeds);
    const times: number[] = [];
    for (let call = 0; call < ONCE_CALLS; call++) {
      const began = performance.now();
      await this.#observation.run({ observation });
      times.push(performance.now() - began);
    }
    return quantile(times, 0.5);
  }

  async close(): Promise<void> {
    await this.#session.release();
    await this.#observation?.release();
  }

  async #tensors(feeds: Feeds): Promise<ort.InferenceSession.FeedsType> {
    const { observation, ...others } = tensors(feeds);
    const observed = this.#observation ? await this.#observation.run({ observation }) : { observation };
    const all: ort.InferenceSession.FeedsType = { ...others, ...observed };
    return Object.fromEntries(this.#session.inputNames.map((name) => [name, all[name]]));
  }
}

function tensors(feeds: Feeds): ort.InferenceSession.FeedsType {
  const named = [...feeds].map(([name, { dims, data, integer }]) => [
    name,
    integer
      ? new ort.Tensor("int64", BigInt64Array.from(Array.from(data, BigInt)), dims)
      : new ort.Tensor("float32", Float32Array.from(data), dims),
  ]);
  return Object.fromEntries(named);
}

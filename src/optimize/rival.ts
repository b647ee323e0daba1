import * as ort from "onnxruntime-node";
import { type Runtime, sessionOptions } from "../inference/runtime.js";
import type { Numbers } from "../onnx/tensor.js";
import { ConfigurationError } from "../policy/errors.js";

/** Inputs of a noise network. */
export type Feeds = ReadonlyMap<string, Numbers>;

/** One graph of a noise network, to be compared with others. */
export class Rival {
  readonly name: string;
  readonly #session: ort.InferenceSession;

  private constructor(name: string, session: ort.InferenceSession) {
    this.name = name;
    this.#session = session;
  }

  /** @throws ConfigurationError when the provider cannot run the graph. */
  static async load(name: string, bytes: Uint8Array, runtime: Runtime): Promise<Rival> {
    try {
      return new Rival(name, await ort.InferenceSession.create(bytes, sessionOptions(runtime)));
    } catch (error) {
      throw new ConfigurationError(
        `onnxruntime cannot load the ${name} graph on provider "${runtime.provider}": ${(error as Error).message}`,
      );
    }
  }

  /** The network's answer, [rows · H · D]. */
  async noise(feeds: Feeds): Promise<Float32Array> {
    const answer = await this.#session.run(tensors(feeds));
    return answer.noise.data as Float32Array;
  }

  /** Milliseconds of every one of so many calls. */
  async time(feeds: Feeds, calls: number): Promise<number[]> {
    const ready = tensors(feeds);
    const times: number[] = [];
    for (let call = 0; call < calls; call++) {
      const began = performance.now();
      await this.#session.run(ready);
      times.push(performance.now() - began);
    }
    return times;
  }

  async close(): Promise<void> {
    await this.#session.release();
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

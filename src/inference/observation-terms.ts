import type * as ort from "onnxruntime-node";
import type { GraphFile } from "../policy/bundle.js";
import { ConfigurationError } from "../policy/errors.js";
import { openGraph } from "./open-graph.js";
import type { Runtime } from "./runtime.js";
import { type Side, sideProblem } from "./signature.js";

const WITHOUT_IT =
  "; make it anew with parapilot optimize, or take denoiser.observation and denoiser.optimized out of policy.yaml: the policy runs without, slower";

/**
 * What a network computes from the observation alone: once per observation, when it is first asked for. Takes `observation`
 * [1, To · O] float32 and gives terms [1, ...] float32; that of joint files, any number of rows.
 */
export class ObservationTerms {
  readonly #session: ort.InferenceSession;
  readonly #outputs: Side;
  #terms: Promise<ort.InferenceSession.ReturnType> | undefined;

  private constructor(session: ort.InferenceSession, outputs: Side) {
    this.#session = session;
    this.#outputs = outputs;
  }

  /** @throws ConfigurationError when it is no such graph, or the provider cannot run it. */
  static async load(
    { file, bytes }: GraphFile,
    observations: number,
    runtime: Runtime,
    isJoint = false,
  ): Promise<ObservationTerms> {
    const session = await openGraph(file, bytes, runtime, { remedy: WITHOUT_IT });
    const problem = sideProblem("inputs", session.inputMetadata, {
      observation: ["float32", [isJoint ? "observations" : 1, observations]],
    });
    if (problem) throw new ConfigurationError(`${file}: ${problem}${WITHOUT_IT}`);
    const outputs: Record<string, Side[string]> = {};
    for (const value of session.outputMetadata) {
      if (value.isTensor) outputs[value.name] = [value.type, value.shape];
    }
    return new ObservationTerms(session, outputs);
  }

  /** What a graph that reads these inputs declares the terms among them as: free in the first dimension, for the whole batch or row by row. */
  inputs(names: readonly string[]): Side {
    const read = Object.entries(this.#outputs).filter(([name]) => names.includes(name));
    return Object.fromEntries(
      read.map(([name, [type, [first, ...others]]]) => [
        name,
        [type, [first === 1 ? "observations" : first, ...others]],
      ]),
    );
  }

  /** The observation has changed. */
  forget(): void {
    this.#terms = undefined;
  }

  /** @param observation [n, To · O], the same until {@link forget}. */
  of(observation: ort.Tensor): Promise<ort.InferenceSession.ReturnType> {
    this.#terms ??= this.#session.run({ observation });
    return this.#terms;
  }

  close(): Promise<void> {
    return this.#session.release();
  }
}

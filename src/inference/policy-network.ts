import type { NoiseNetwork } from "../sampling/denoiser.js";
import type { NetworkFiles } from "./graphs.js";
import { OnnxNetwork } from "./onnx.js";
import type { Runtime } from "./runtime.js";
import { ShardedNetwork } from "./shards/sharded-network.js";
import type { WorkerFaults } from "./worker-faults.js";

/** The noise network of a policy, told the observation before each solve. One call at a time. */
export interface PolicyNetwork extends NoiseNetwork {
  /** @param observation [To · O], normalised, oldest first; several one after another where the files are joint. */
  observe(observation: Float64Array): void;
  /** Rows from which calls are answered in another way than with fewer, ascending: what they cost may jump there. */
  readonly thresholds: readonly number[];
  /** Milliseconds that the network has run since it was loaded. */
  readonly runMs: number;
  /** @param owners [rows] which of several observations each row belongs to; the first one, unless told. */
  predictNoise(
    states: Float64Array,
    levels: Int32Array,
    rows: number,
    out: Float64Array,
    owners?: Int32Array,
  ): Promise<void>;
  close(): Promise<void>;
}

/**
 * Loads a policy's network as the runtime says: on the CPU, and with several threads, in shards.
 *
 * @throws ConfigurationError when it cannot be loaded or does not fit the manifest.
 * @example
 * const network = await openNetwork(await loadBundle("policies/pusht"), runtimeSchema.parse({ threads: 2 }));
 */
export function openNetwork(
  files: NetworkFiles,
  runtime: Runtime,
  fault?: WorkerFaults["shard"],
): Promise<PolicyNetwork> {
  const isSharded = runtime.provider === "cpu" && runtime.threads > 1;
  return isSharded ? ShardedNetwork.load(files, runtime, fault) : OnnxNetwork.load(files, runtime);
}

import { ConfigurationError } from "../../policy/errors.js";
import { middleObservation } from "../../policy/manifest.js";
import { GaussianStream } from "../../sampling/noise.js";
import type { NetworkFiles } from "../graphs.js";
import type { PolicyNetwork } from "../policy-network.js";

/** Share of what the observation makes of an answer that a row may be off; rounding in half precision is far below. */
const TOLERANCE = 0.1;
const ROUNDING = 1e-5;

/**
 * Asks a network of {@link jointFiles} about rows of two observations, by turns and alone, at every batch size at which
 * another graph begins to answer.
 *
 * @throws ConfigurationError when it answers a row of one observation with a view to another one, or not at all.
 */
export async function requireRowsApart(network: PolicyNetwork, { manifest }: NetworkFiles): Promise<void> {
  const { file } = manifest.denoiser;
  for (const rows of new Set([2, ...network.thresholds])) {
    let isApart: boolean;
    try {
      isApart = await areApart(network, middleObservation(manifest).length, rows);
    } catch (error) {
      throw refusal(file, (error as Error).message);
    }
    if (!isApart) throw refusal(file, `a batch of ${rows} gets other answers than its rows alone`);
  }
}

async function areApart(network: PolicyNetwork, width: number, rows: number): Promise<boolean> {
  const size = network.shape.horizon * network.shape.dim;
  const stream = new GaussianStream(rows);
  // Where there is least noise, the observation matters most.
  const levels = new Int32Array(rows);
  const state = stream.fill(new Float64Array(size));
  const states = Float64Array.from({ length: rows * size }, (_, k) => state[k % size]);
  const pair = Float64Array.from({ length: 2 * width }, () => Math.tanh(stream.next()));
  const alone: Float64Array[] = [];
  for (const observation of [pair.subarray(0, width), pair.subarray(width)]) {
    const out = new Float64Array(states.length);
    network.observe(observation);
    await network.predictNoise(states, levels, rows, out);
    alone.push(out);
  }
  const owners = Int32Array.from(levels, (_, row) => row % 2);
  const together = new Float64Array(states.length);
  network.observe(pair);
  await network.predictNoise(states, levels, rows, together, owners);
  const effect = largest(alone[0], (k) => alone[1][k]);
  const error = largest(together, (k) => alone[owners[Math.floor(k / size)]][k]);
  return error <= TOLERANCE * effect + ROUNDING * largest(alone[0], () => 0);
}

/** NaN is larger than anything. */
function largest(values: Float64Array, from: (k: number) => number): number {
  return values.reduce((most, value, k) => Math.max(most, Math.abs(value - from(k))), 0);
}

function refusal(file: string, why: string): ConfigurationError {
  return new ConfigurationError(
    `${file} cannot be asked about several observations in one call: ${why}; ` +
      "rewrite the policy with parapilot optimize, or solve one problem at a time",
  );
}

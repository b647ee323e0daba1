import type { NoiseNetwork } from "../sampling/denoiser.js";
import { GaussianStream } from "../sampling/noise.js";
import { quantile } from "../telemetry/statistics.js";

/** Of each network at each batch size. */
const ROUNDS = 21;
/**
 * Calls before each one that counts: they bring this network's weights back into the caches, and let the threads of the
 * other one, which spin for a moment after its call, fall asleep.
 */
const SETTLING_CALLS = 2;

/** One network's calls at one batch size. */
export interface TimedCalls {
  /** Median of a call, in milliseconds. */
  readonly ms: number;
  /** [batch · H · D], to the same random states as the other networks'. */
  readonly answer: Float64Array;
}

/**
 * Times calls of several networks, in turns: a machine that is busy for a moment is busy for all of them.
 *
 * @param networks of one shape, each told its observation.
 * @param levels that they know; a batch's are spread over them.
 */
export async function timeInTurns(
  networks: readonly NoiseNetwork[],
  batch: number,
  levels: number,
): Promise<TimedCalls[]> {
  const { horizon, dim } = networks[0].shape;
  const states = new GaussianStream(0).fill(new Float64Array(batch * horizon * dim));
  const levelsOfRows = Int32Array.from({ length: batch }, (_, row) => Math.floor((row * levels) / batch));
  const turns = networks.map((network) => {
    const answer = new Float64Array(states.length);
    const call = () => network.predictNoise(states, levelsOfRows, batch, answer);
    return { call, answer, samples: [] as number[] };
  });
  for (let round = 0; round < ROUNDS; round++) {
    for (const { call, samples } of turns) {
      for (let k = 0; k < SETTLING_CALLS; k++) await call();
      const began = performance.now();
      await call();
      samples.push(performance.now() - began);
    }
  }
  return turns.map(({ answer, samples }) => ({ ms: quantile(samples, 0.5), answer }));
}

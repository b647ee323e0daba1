import type { NoiseNetwork } from "../sampling/denoiser.js";
import { quantile } from "../telemetry/statistics.js";
import type { PolicyNetwork } from "./policy-network.js";

/** What one network call costs by its batch size, on one device: by ascending batch. */
export type BatchCurve = readonly BatchCost[];

export interface BatchCost {
  readonly batch: number;
  readonly ms: number;
}

/** Sizes in the order in which they tell most, after 1 and the largest: a device too slow for all of them drops the last. */
const SIZES = [20, 50, 10, 4, 2, 32, 64, 16, 8, 100];
/** Keeps starting quick; on a slow device, fewer sizes and fewer rounds. */
const ENOUGH_MS = 1500;
const FEWEST_ROUNDS = 3;
const MOST_ROUNDS = 9;
/** On a CPU a call of 1 right after one of 100 took a third longer; its weights had probably left the caches. */
const SETTLING_CALLS = 2;

export interface TimingOptions {
  /** Calls per size that are not counted: the first allocates, and may compile. */
  readonly warmups: number;
  readonly rounds: number;
  /**
   * No further round is begun once this has gone by, but for the first {@link FEWEST_ROUNDS}. Sizes after the second
   * whose turn to warm up does not come within a third of it are left out.
   */
  readonly enoughMs?: number;
  readonly now?: () => number;
}

/**
 * Median time of one network call for every batch size. Round after round of all sizes, so that a machine that is busy
 * for a moment is busy for all of them: what matters is how they compare. A round ascends, so that each size finds the
 * caches as solves at this size do.
 */
export async function timeCalls(
  network: NoiseNetwork,
  sizes: readonly number[],
  { warmups, rounds, enoughMs = Number.POSITIVE_INFINITY, now = () => performance.now() }: TimingOptions,
): Promise<BatchCurve> {
  const width = network.shape.horizon * network.shape.dim;
  const most = Math.max(...sizes);
  const states = new Float64Array(most * width);
  // One that every policy has: a batch may have more rows than there are levels.
  const levels = new Int32Array(most);
  const out = new Float64Array(most * width);
  const call = (batch: number) => network.predictNoise(states, levels, batch, out);

  const times = new Map<number, number[]>();
  const started = now();
  for (const batch of sizes) {
    if (times.size >= 2 && now() - started > enoughMs / 3) break;
    for (let k = 0; k < warmups; k++) await call(batch);
    times.set(batch, []);
  }
  const ascending = [...times].sort(([a], [b]) => a - b);
  for (let round = 0; round < rounds; round++) {
    if (round >= FEWEST_ROUNDS && now() - started > enoughMs) break;
    for (let k = 0; k < SETTLING_CALLS; k++) await call(ascending[0][0]);
    for (const [batch, samples] of ascending) {
      const began = now();
      await call(batch);
      samples.push(now() - began);
    }
  }
  return ascending.map(([batch, samples]) => ({ batch, ms: quantile(samples, 0.5) }));
}

/**
 * Measures the device at hand, in about a second and a half. A size that came out dearer than a larger one was
 * disturbed, and counts as dear as that one, unless the larger one is answered in another way.
 *
 * @param most the largest batch that a solver will use.
 */
export async function measureBatchCurve(
  network: Pick<PolicyNetwork, "shape" | "predictNoise" | "thresholds">,
  most: number,
  now = () => performance.now(),
): Promise<BatchCurve> {
  const thresholds = network.thresholds.filter((rows) => rows <= most);
  // On both sides of each threshold, so that no line is drawn across it.
  const around = thresholds.flatMap((rows) => [rows, rows - 1]);
  const sizes = [...new Set([1, most, ...around, ...SIZES.filter((size) => size < most)])];
  const options = { warmups: 1, rounds: MOST_ROUNDS, enoughMs: ENOUGH_MS, now };
  const measured = await timeCalls(network, sizes, options);
  return measured.map(({ batch }) => {
    const end = thresholds.find((rows) => rows > batch) ?? Number.POSITIVE_INFINITY;
    const alike = measured.filter((larger) => larger.batch >= batch && larger.batch < end);
    return { batch, ms: Math.min(...alike.map(({ ms }) => ms)) };
  });
}

/** Milliseconds of a call with this batch: linear between the sizes measured, and on beyond the largest. */
export function costOf(curve: BatchCurve, batch: number): number {
  if (batch <= curve[0].batch || curve.length === 1) return curve[0].ms;
  const above = curve.findIndex((point) => point.batch >= batch);
  const at = above < 0 ? curve.length - 1 : above;
  const [low, high] = [curve[at - 1], curve[at]];
  return low.ms + ((batch - low.batch) / (high.batch - low.batch)) * (high.ms - low.ms);
}

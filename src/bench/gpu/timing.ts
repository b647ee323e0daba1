import { quantile } from "../../telemetry/statistics.js";

/** Milliseconds of something that was done n times. */
export interface Timing {
  readonly p50: number;
  readonly p90: number;
  readonly n: number;
}

export function timingOf(ms: readonly number[]): Timing {
  return { p50: quantile(ms, 0.5), p90: quantile(ms, 0.9), n: ms.length };
}

/** The median of some runs, after one that does not count. */
export async function medianMs(run: () => Promise<unknown>, rounds: number): Promise<number> {
  await run();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    await run();
    times.push(performance.now() - began);
  }
  return quantile(times, 0.5);
}

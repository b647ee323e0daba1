import { availableParallelism } from "node:os";
import { OnnxNetwork } from "../inference/onnx.js";
import { openNetwork, type PolicyNetwork } from "../inference/policy-network.js";
import type { Runtime } from "../inference/runtime.js";
import type { Bundle } from "../policy/bundle.js";
import { middleObservation } from "../policy/manifest.js";
import { quantile } from "../telemetry/statistics.js";

/** Of each way at each batch size. */
const ROUNDS = 21;
/** Before each call that counts, so that it finds its threads and caches as the calls of a solve do. */
const SETTLING_CALLS = 2;
/** About those where parts begin to pay, and those of sweeps. */
const BATCHES = [1, 4, 8, 10, 20, 50];

export interface RuntimeRow {
  readonly graphs: "original" | "optimized";
  /** All threads in one session, or as many sessions of one thread, which share calls of many rows. */
  readonly way: "session" | "shards";
  readonly threads: number;
  readonly spin: boolean;
  readonly batch: number;
  readonly ms_p50: number;
}

/**
 * Times the network on the CPU for every sensible thread count, with and without spinning, at several batch sizes. The
 * two ways of using the threads take turns: a machine that is busy for a moment is busy for both.
 */
export async function benchRuntime(bundle: Bundle, progress: (what: string) => void): Promise<RuntimeRow[]> {
  const cores = availableParallelism();
  const threadCounts = [...new Set([1, 2, Math.ceil(cores / 2), cores])]
    .filter((n) => n <= cores)
    .sort((a, b) => a - b);
  const networks = [
    { graphs: "original", files: { ...bundle, optimized: [] } },
    ...(bundle.optimized.length > 0 ? [{ graphs: "optimized", files: bundle } as const] : []),
  ] as const;
  const rows: RuntimeRow[] = [];
  for (const { graphs, files } of networks) {
    for (const threads of threadCounts) {
      // A single thread waits for no other.
      for (const spin of threads === 1 ? [false] : [true, false]) {
        progress(`${graphs} graphs, ${threads} threads, ${spin ? "spinning" : "not spinning"}`);
        const measured = await timeWays(files, { provider: "cpu", threads, spin });
        rows.push(...measured.map((row) => ({ graphs, threads, spin, ...row })));
      }
    }
  }
  return rows;
}

async function timeWays(
  files: Bundle,
  runtime: Runtime,
): Promise<readonly Pick<RuntimeRow, "way" | "batch" | "ms_p50">[]> {
  const ways: { readonly way: RuntimeRow["way"]; readonly network: PolicyNetwork }[] = [
    { way: "session", network: await OnnxNetwork.load(files, runtime) },
  ];
  try {
    if (runtime.threads > 1) ways.push({ way: "shards", network: await openNetwork(files, runtime) });
    // The normaliser's middle is 0.
    for (const { network } of ways) {
      network.observe(new Float64Array(middleObservation(files.manifest).length));
    }
    const { levels } = files.manifest.diffusion;
    const rows: Pick<RuntimeRow, "way" | "batch" | "ms_p50">[] = [];
    for (const batch of [...new Set([...BATCHES.filter((size) => size < levels), levels])]) {
      const times = await timeInTurns(
        ways.map(({ network }) => network),
        batch,
      );
      rows.push(...ways.map(({ way }, k) => ({ way, batch, ms_p50: times[k] })));
    }
    return rows;
  } finally {
    for (const { network } of ways) await network.close();
  }
}

/** Median time of one call of each network, in milliseconds. */
async function timeInTurns(networks: readonly PolicyNetwork[], batch: number): Promise<number[]> {
  const { horizon, dim } = networks[0].shape;
  const states = new Float64Array(batch * horizon * dim);
  const levels = Int32Array.from({ length: batch }, (_, row) => row);
  const out = new Float64Array(states.length);
  const samples = networks.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [k, network] of networks.entries()) {
      for (let call = 0; call < SETTLING_CALLS; call++)
        await network.predictNoise(states, levels, batch, out);
      const began = performance.now();
      await network.predictNoise(states, levels, batch, out);
      samples[k].push(performance.now() - began);
    }
  }
  return samples.map((times) => quantile(times, 0.5));
}

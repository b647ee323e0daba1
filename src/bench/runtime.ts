import { availableParallelism } from "node:os";
import { OnnxNetwork } from "../inference/onnx.js";
import { openNetwork, type PolicyNetwork } from "../inference/policy-network.js";
import type { Runtime } from "../inference/runtime.js";
import type { Bundle } from "../policy/bundle.js";
import { middleObservation } from "../policy/manifest.js";
import { timeInTurns } from "./turns.js";

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
 * Times the network on the CPU for every sensible thread count, with and without spinning, at several batch sizes.
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
        levels,
      );
      rows.push(...ways.map(({ way }, k) => ({ way, batch, ms_p50: times[k].ms })));
    }
    return rows;
  } finally {
    for (const { network } of ways) await network.close();
  }
}

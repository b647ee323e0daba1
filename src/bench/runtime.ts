import { availableParallelism } from "node:os";
import { timeCalls } from "../inference/batch-curve.js";
import { OnnxNetwork } from "../inference/onnx.js";
import type { Runtime } from "../inference/runtime.js";
import type { Bundle } from "../policy/bundle.js";
import { middleObservation } from "../policy/manifest.js";

export interface RuntimeRow {
  readonly threads: number;
  readonly spin: boolean;
  readonly batch: number;
  readonly ms_p50: number;
}

/** Times the network for every sensible thread count, with and without spinning, at several batch sizes. */
export async function benchRuntime(
  bundle: Bundle,
  provider: Runtime["provider"],
  progress: (what: string) => void,
): Promise<RuntimeRow[]> {
  const { levels } = bundle.manifest.diffusion;
  const cores = availableParallelism();
  const threadCounts = [...new Set([1, 2, Math.ceil(cores / 2), cores])]
    .filter((n) => n <= cores)
    .sort((a, b) => a - b);
  const rows: RuntimeRow[] = [];
  for (const threads of threadCounts) {
    for (const spin of [true, false]) {
      progress(`${threads} threads, spin ${spin}`);
      const network = await OnnxNetwork.load(bundle, { provider, threads, spin });
      network.observe(middleObservation(bundle.manifest));
      const costs = await timeCalls(network, [1, 4, 20, 50, levels], { warmups: 5, rounds: 20 });
      rows.push(...costs.map(({ batch, ms }) => ({ threads, spin, batch, ms_p50: ms })));
      await network.close();
    }
  }
  return rows;
}

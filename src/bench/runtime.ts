import { availableParallelism } from "node:os";
import { OnnxNetwork } from "../inference/onnx.js";
import type { Runtime } from "../inference/runtime.js";
import type { Bundle } from "../policy/bundle.js";
import { middleObservation } from "../policy/manifest.js";
import { quantile } from "../telemetry/statistics.js";

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
      const network = await OnnxNetwork.load(bundle.network, bundle.manifest, { provider, threads, spin });
      network.observe(middleObservation(bundle.manifest));
      for (const batch of [1, 4, 20, 50, levels])
        rows.push({ threads, spin, batch, ms_p50: await time(network, batch) });
      await network.close();
    }
  }
  return rows;
}

async function time(network: OnnxNetwork, batch: number): Promise<number> {
  const size = network.shape.horizon * network.shape.dim;
  const states = new Float64Array(batch * size);
  const levels = Int32Array.from({ length: batch }, (_, k) => k);
  const out = new Float64Array(batch * size);
  const samples: number[] = [];
  for (let k = 0; k < 25; k++) {
    const began = performance.now();
    await network.predictNoise(states, levels, batch, out);
    if (k >= 5) samples.push(performance.now() - began);
  }
  return quantile(samples, 0.5);
}

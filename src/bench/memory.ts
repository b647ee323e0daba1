import { setImmediate } from "node:timers/promises";
import { openNetwork } from "../inference/policy-network.js";
import { createRule } from "../inference/rule-settings.js";
import type { Runtime } from "../inference/runtime.js";
import { createSolver, type SolverSettings } from "../inference/settings.js";
import type { Bundle } from "../policy/bundle.js";
import { middleObservation } from "../policy/manifest.js";
import { cleanFromNoise } from "../sampling/denoiser.js";
import { drawNoise, GaussianStream } from "../sampling/noise.js";
import { squaredCosine } from "../sampling/schedule.js";
import { garbageCollector } from "./collector.js";

export interface MemoryUse {
  /** Typed arrays that a solve holds. */
  readonly solver_bytes: number;
  /** Growth of the process by a network's first solve: its working memory for the largest batch. */
  readonly network_bytes: number;
}

/**
 * What one cold solve keeps in memory, by a network of its own. Later networks find memory that earlier ones have given
 * back, so ask for small batches first.
 */
export async function memoryOf(
  bundle: Bundle,
  runtime: Runtime,
  settings: SolverSettings,
): Promise<MemoryUse> {
  const { manifest, calibration } = bundle;
  const schedule = squaredCosine(manifest.diffusion.levels);
  const network = await openNetwork(bundle, runtime);
  // The normaliser's middle is 0.
  network.observe(new Float64Array(middleObservation(manifest).length));
  const rule = createRule(settings.rule, schedule);
  const denoiser = cleanFromNoise(network, schedule, manifest.diffusion.clip);
  const size = network.shape.horizon * network.shape.dim;
  const problem = { rule, denoiser, noise: drawNoise(rule.steps, size, new GaussianStream(0)) };
  const collect = garbageCollector();
  try {
    collect();
    // Buffers of dead objects are given back by a task of their own.
    await setImmediate();
    const before = process.memoryUsage();
    let solver_bytes = 0;
    for await (const { sweeps } of createSolver(settings, calibration?.response)(problem)) {
      if (sweeps === 1) solver_bytes = process.memoryUsage().arrayBuffers - before.arrayBuffers;
    }
    return { solver_bytes, network_bytes: Math.max(0, process.memoryUsage().rss - before.rss) };
  } finally {
    await network.close();
  }
}

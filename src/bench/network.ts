import { graphAt, graphsFor, optimizedFor } from "../inference/graphs.js";
import { openNetwork, type PolicyNetwork } from "../inference/policy-network.js";
import type { Runtime } from "../inference/runtime.js";
import type { Bundle } from "../policy/bundle.js";
import { middleObservation } from "../policy/manifest.js";
import { largestChange } from "../sampling/solvers/solver.js";
import { timeInTurns } from "./turns.js";

export interface NetworkRow {
  /** With or without the optimised graphs of the policy. */
  readonly graph: "original" | "optimized";
  /** That answered. */
  readonly file: string;
  readonly batch: number;
  readonly ms_p50: number;
}

export interface NetworkRatio {
  readonly batch: number;
  /** Time optimised over time original. */
  readonly ratio: number;
  /** Largest difference of the two answers: predicted noise, of the order of 1. */
  readonly difference: number;
}

export interface NetworkBench {
  readonly rows: readonly NetworkRow[];
  /** Empty where nothing optimised runs. */
  readonly ratios: readonly NetworkRatio[];
}

interface Contender {
  readonly graph: NetworkRow["graph"];
  readonly network: PolicyNetwork;
  readonly fileAt: (batch: number) => string;
}

/** Median time of one network call by batch size, without and with the policy's optimised graphs. */
export async function benchNetwork(
  bundle: Bundle,
  runtime: Runtime,
  batches: readonly number[],
  progress: (what: string) => void,
): Promise<NetworkBench> {
  const contenders = [await open({ ...bundle, optimized: [] }, "original", runtime)];
  try {
    if (optimizedFor(bundle, runtime.provider).length > 0) {
      contenders.push(await open(bundle, "optimized", runtime));
    }
    const rows: NetworkRow[] = [];
    const ratios: NetworkRatio[] = [];
    for (const batch of batches) {
      progress(`batch ${batch}`);
      const timed = await timeInTurns(
        contenders.map(({ network }) => network),
        batch,
        bundle.manifest.diffusion.levels,
      );
      rows.push(
        ...contenders.map(({ graph, fileAt }, k) => ({
          graph,
          file: fileAt(batch),
          batch,
          ms_p50: timed[k].ms,
        })),
      );
      const [original, optimized] = timed;
      if (!optimized) continue;
      ratios.push({
        batch,
        ratio: optimized.ms / original.ms,
        difference: largestChange(original.answer, optimized.answer, 0, original.answer.length),
      });
    }
    return { rows, ratios };
  } finally {
    for (const { network } of contenders) await network.close();
  }
}

async function open(bundle: Bundle, graph: Contender["graph"], runtime: Runtime): Promise<Contender> {
  const network = await openNetwork(bundle, runtime);
  // The normaliser's middle is 0.
  network.observe(new Float64Array(middleObservation(bundle.manifest).length));
  const graphs = graphsFor(bundle, runtime.provider);
  return { graph, network, fileAt: (batch) => graphAt(graphs, batch).file };
}

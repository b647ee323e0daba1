import { graphAt, graphsFor, optimizedFor } from "../inference/graphs.js";
import { openNetwork, type PolicyNetwork } from "../inference/policy-network.js";
import type { Runtime } from "../inference/runtime.js";
import type { Bundle } from "../policy/bundle.js";
import { middleObservation } from "../policy/manifest.js";
import { GaussianStream } from "../sampling/noise.js";
import { largestChange } from "../sampling/solvers/solver.js";
import { quantile } from "../telemetry/statistics.js";

/** Of each network at each batch size. */
const ROUNDS = 21;
/**
 * Calls before each one that counts: they bring this network's weights back into the caches, and let the threads of the
 * other one, which spin for a moment after its call, fall asleep.
 */
const SETTLING_CALLS = 2;

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

/** One contender's calls at one batch size. */
interface Timed {
  readonly row: NetworkRow;
  readonly answer: Float64Array;
}

/**
 * Median time of one network call by batch size, without and with the policy's optimised graphs, in turns: a machine that
 * is busy for a moment is busy for both.
 */
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
      const [original, optimized] = await timeInTurns(contenders, batch, bundle.manifest.diffusion.levels);
      rows.push(original.row);
      if (!optimized) continue;
      rows.push(optimized.row);
      ratios.push({
        batch,
        ratio: optimized.row.ms_p50 / original.row.ms_p50,
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

async function timeInTurns(
  contenders: readonly Contender[],
  batch: number,
  levels: number,
): Promise<readonly Timed[]> {
  const { horizon, dim } = contenders[0].network.shape;
  const gaussian = new GaussianStream(0);
  const states = Float64Array.from({ length: batch * horizon * dim }, () => gaussian.next());
  const levelsOfRows = Int32Array.from({ length: batch }, (_, row) => Math.floor((row * levels) / batch));
  const turns = contenders.map((contender) => ({
    ...contender,
    answer: new Float64Array(states.length),
    samples: [] as number[],
  }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { network, answer, samples } of turns) {
      const call = () => network.predictNoise(states, levelsOfRows, batch, answer);
      for (let k = 0; k < SETTLING_CALLS; k++) await call();
      const began = performance.now();
      await call();
      samples.push(performance.now() - began);
    }
  }
  return turns.map(({ graph, fileAt, answer, samples }) => ({
    row: { graph, file: fileAt(batch), batch, ms_p50: quantile(samples, 0.5) },
    answer,
  }));
}

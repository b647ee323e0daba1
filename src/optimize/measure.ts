import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tryProvider } from "../inference/providers/try-provider.js";
import type { Runtime } from "../inference/runtime.js";
import { type Bundle, loadBundle } from "../policy/bundle.js";
import { chainFeeds } from "./chain.js";
import { randomFeeds } from "./compare.js";
import { type Contest, contest, thresholds } from "./contest.js";
import { type Differences, differences, REFUSED_DIFFERENCE, refuseOthers } from "./differences.js";
import { type GpuTrial, tryOnGpu } from "./gpu-trial.js";
import type { Optimized, OptimizedGraph } from "./optimize.js";
import { type Feeds, Rival } from "./rival.js";
import { type ServingGraph, writeBundle } from "./write-bundle.js";

/** What was found out about the graphs of one network. */
export interface Measured {
  /** On the CPU, of the original and then the graphs for it. */
  readonly contests: readonly Contest[];
  readonly graphs: readonly MeasuredGraph[];
  /** Milliseconds of the graph that is run once per observation, on the CPU. */
  readonly once_ms: number | null;
  /** Where a GPU can run the graphs for one. */
  readonly gpu?: GpuTrial;
}

export interface MeasuredGraph extends OptimizedGraph, ServingGraph {
  /** From the original, both on the CPU. */
  readonly differences: Differences;
  /** Why it is left out, when that was not about time. */
  readonly reason?: string;
}

/** Batch sizes that are timed; graphs take over from one another at one of them. */
const SIZES = [1, 2, 3, 4, 5, 6, 8, 10, 20, 50, 100];

/** The providers that run graphs for a GPU, the faster first. */
const GPU_PROVIDERS = ["cuda", "webgpu"] as const;

/** What every part of the measuring needs. */
interface Bench {
  readonly bundle: Bundle;
  readonly optimized: Optimized;
  readonly runtime: Runtime;
  readonly feedsFor: (rows: number) => Feeds;
  readonly said: (what: string) => void;
}

export async function measure(
  bundle: Bundle,
  optimized: Optimized,
  runtime: Runtime,
  said: (what: string) => void,
): Promise<Measured> {
  const feedsFor = (rows: number) => randomFeeds(bundle.manifest, rows, 1, rows);
  const bench = { bundle, optimized, runtime, feedsFor, said };
  const original = await Rival.load("original", bundle.network, runtime);
  try {
    said("solving a chain to compare along");
    const chain = await chainFeeds(original, bundle.manifest);
    const cpu = await measureOnCpu(bench, original, chain);
    const compared = await compareHere(bench, original, chain);
    const gpu = await measureOnGpu(bench, original, chain, compared);
    return { ...cpu, graphs: [...cpu.graphs, ...placed(compared, gpu)], ...(gpu ? { gpu } : {}) };
  } finally {
    await original.close();
  }
}

async function measureOnCpu(bench: Bench, original: Rival, chain: Feeds): Promise<Measured> {
  const { bundle, optimized, runtime, feedsFor, said } = bench;
  const graphs = optimized.graphs.filter((graph) => graph.for === "cpu");
  const rivals: Rival[] = [];
  try {
    const found: Differences[] = [];
    for (const { name, bytes } of graphs) {
      const rival = await Rival.load(name, bytes, runtime, optimized.observation);
      rivals.push(rival);
      said(`comparing the ${name} graph with the original`);
      const difference = await differences(original, rival, bundle.manifest, chain);
      refuseOthers(name, difference);
      found.push(difference);
    }
    const contests = await contest([original, ...rivals], SIZES, feedsFor, (rows) =>
      said(`timing batches of ${rows}`),
    );
    const [, ...from] = thresholds(contests);
    return {
      contests,
      graphs: graphs.map((graph, k) => ({ ...graph, differences: found[k], from: from[k] })),
      once_ms: rivals.length > 0 ? await rivals[0].onceMs(feedsFor(1)) : null,
    };
  } finally {
    for (const rival of rivals) await rival.close();
  }
}

type Compared = Omit<MeasuredGraph, "from">;

/** Graphs for a GPU are compared on the CPU, which every machine has. */
async function compareHere(bench: Bench, original: Rival, chain: Feeds): Promise<Compared[]> {
  const { bundle, optimized, runtime, said } = bench;
  const compared: Compared[] = [];
  for (const graph of optimized.graphs.filter((other) => other.for === "gpu")) {
    said(`comparing the ${graph.name} graph with the original`);
    const bytes = graph.rehearsal ?? graph.bytes;
    const rival = await Rival.load(graph.name, bytes, runtime, optimized.observation);
    try {
      const found = await differences(original, rival, bundle.manifest, chain);
      if (graph.precision === "float32") refuseOthers(graph.name, found);
      const reason = graph.precision === "float16" ? tooCoarse(found) : undefined;
      compared.push({ ...graph, differences: found, ...(reason ? { reason } : {}) });
    } finally {
      await rival.close();
    }
  }
  return compared;
}

function tooCoarse({ noise, clean }: Differences): string | undefined {
  if (noise <= REFUSED_DIFFERENCE && clean <= REFUSED_DIFFERENCE) return undefined;
  return `float16 changes the noise by ${noise.toPrecision(2)} and the clean prediction by ${clean.toPrecision(2)}, and ${REFUSED_DIFFERENCE} is the most that is kept`;
}

async function measureOnGpu(
  { bundle, optimized, runtime, feedsFor, said }: Bench,
  original: Rival,
  chain: Feeds,
  compared: readonly Compared[],
): Promise<GpuTrial | undefined> {
  const { network, manifest } = bundle;
  const { observation } = optimized;
  const trial = await mkdtemp(join(tmpdir(), "parapilot-optimize-"));
  try {
    // The graphs for a GPU may run where the original does not, and a driver may crash: a bundle is tried in another process.
    await writeBundle(bundle, trial, placed(compared, undefined), observation);
    for (const provider of GPU_PROVIDERS) {
      said(`trying ${provider}`);
      const { usable } = await tryProvider({ ...runtime, provider }, { policy: await loadBundle(trial) });
      if (!usable) continue;
      const graphs = compared.filter(({ reason }) => reason === undefined);
      const asked = { manifest, chain, feedsFor };
      const gpu = { ...runtime, provider };
      return await tryOnGpu(original, { network, graphs, observation }, gpu, asked, (what) => said(what));
    }
    return undefined;
  } finally {
    await rm(trial, { recursive: true });
  }
}

/** Where each graph for a GPU serves: by its times there, or everywhere in single precision where no GPU says otherwise. */
function placed(compared: readonly Compared[], gpu: GpuTrial | undefined): MeasuredGraph[] {
  const measured = new Map(gpu?.graphs.map(({ name, from }) => [name, from]));
  const isMeasured = [...measured.values()].some((from) => from !== null);
  return compared.map((graph) => {
    const from = measured.get(graph.name) ?? null;
    if (graph.reason || isMeasured) return { ...graph, from };
    if (graph.precision === "float32") return { ...graph, from: 1 };
    return {
      ...graph,
      from,
      reason: gpu ? "this GPU has no float16" : "no GPU here tells whether float16 is faster",
    };
  });
}

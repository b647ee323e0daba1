import type { Runtime } from "../inference/runtime.js";
import type { Manifest } from "../policy/manifest.js";
import { type Contest, contest, thresholds } from "./contest.js";
import { type Differences, differences, REFUSED_DIFFERENCE, refuseOthers } from "./differences.js";
import type { OptimizedGraph } from "./optimize.js";
import { type Feeds, Rival } from "./rival.js";

/** Batch sizes that are timed on a GPU, where they hardly matter. */
const SIZES = [1, 10, 100];

/** A row takes no GPU so long: what does is a driver that computes on the CPU. */
const SLOWEST_MS = 250;

/** What a GPU made of the graphs for it. */
export interface GpuTrial {
  readonly provider: Runtime["provider"];
  /** How far the original there is from the original on the CPU; null where the provider cannot run it. */
  readonly own: Differences | null;
  readonly graphs: readonly GpuFinding[];
  /** Of the original, where it runs, and then of the graphs that do. */
  readonly contests: readonly Contest[];
}

export interface GpuFinding {
  readonly name: OptimizedGraph["name"];
  /** From the original on the CPU. */
  readonly differences: Differences;
  /** From how many rows it serves; null when another one beats it. */
  readonly from: number | null;
}

export interface Tried {
  readonly network: Uint8Array;
  readonly graphs: readonly OptimizedGraph[];
  readonly observation: Uint8Array | undefined;
}

export interface Asked {
  readonly manifest: Manifest;
  /** States of every level. */
  readonly chain: Feeds;
  readonly feedsFor: (rows: number) => Feeds;
}

/**
 * Runs graphs on a GPU, compares them with the original on the CPU, and times them against the original there. Undefined when
 * the provider is so slow that there cannot be a GPU behind it.
 *
 * @param original on the CPU.
 * @param graphs the first in single precision; one in half precision that the device lacks is left out.
 * @throws ConfigurationError when the provider cannot run the first graph, or one computes something else there. Where the
 * original itself is off, as with products in TensorFloat-32, graphs may be twice as far.
 */
export async function tryOnGpu(
  original: Rival,
  { network, graphs, observation }: Tried,
  runtime: Runtime,
  { manifest, chain, feedsFor }: Asked,
  said: (what: string) => void,
): Promise<GpuTrial | undefined> {
  const { provider } = runtime;
  const opened: Rival[] = [];
  const open = async (name: string, bytes: Uint8Array, terms?: Uint8Array) => {
    said(`trying the ${name} graph on ${provider}`);
    const rival = await Rival.load(name, bytes, runtime, terms);
    opened.push(rival);
    // Shaders are compiled, and half precision is refused, at the first call.
    const [, ms] = await rival.time(feedsFor(1), 2);
    return { rival, ms };
  };
  const openIfAble = (...what: Parameters<typeof open>) => open(...what).catch(() => undefined);
  try {
    const [single, ...halves] = graphs;
    const first = await open(single.name, single.bytes, observation);
    if (first.ms > SLOWEST_MS) return undefined;
    const own = await openIfAble("original", network);
    const rivals = [{ name: single.name, rival: first.rival }];
    for (const { name, bytes } of halves) {
      const half = await openIfAble(name, bytes, observation);
      if (half) rivals.push({ name, rival: half.rival });
    }
    const compared = (rival: Rival) => {
      said(`comparing the ${rival.name} graph on ${provider}`);
      return differences(original, rival, manifest, chain);
    };
    const ownDifferences = own ? await compared(own.rival) : null;
    const allowed = Math.max(REFUSED_DIFFERENCE, 2 * (ownDifferences?.noise ?? 0));
    const found: Differences[] = [];
    for (const { name, rival } of rivals) {
      const difference = await compared(rival);
      refuseOthers(`${name} (on ${provider})`, difference, allowed);
      found.push(difference);
    }
    const running = [...(own ? [own.rival] : []), ...rivals.map(({ rival }) => rival)];
    const contests = await contest(running, SIZES, feedsFor, (rows) =>
      said(`timing batches of ${rows} on ${provider}`),
    );
    const from = thresholds(contests).slice(own ? 1 : 0);
    return {
      provider,
      own: ownDifferences,
      graphs: rivals.map(({ name }, k) => ({ name, differences: found[k], from: from[k] })),
      contests,
    };
  } finally {
    for (const rival of opened) await rival.close();
  }
}

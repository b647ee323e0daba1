import type { Runtime } from "../inference/runtime.js";
import { contest } from "./contest.js";
import { type OptimizedGraph, type OptimizeOptions, optimize } from "./optimize.js";
import { type Feeds, Rival } from "./rival.js";
import { REWRITES, type Rewrite } from "./target.js";

/** What a graph costs with all rewrites, and with all but one. */
export interface Worth {
  readonly rewrite: Rewrite;
  readonly graph: OptimizedGraph["name"];
  readonly rows: number;
  readonly with_ms: number;
  readonly without_ms: number;
}

/** The batch that each graph is made for. */
const ROWS = { small: 1, large: 100 };

/** Times every rewrite on its own: the graphs against the same without it. */
export async function worthOfEach(
  network: Uint8Array,
  graphs: readonly OptimizedGraph[],
  options: OptimizeOptions,
  runtime: Runtime,
  feedsFor: (rows: number) => Feeds,
  said: (rewrite: Rewrite) => void,
): Promise<Worth[]> {
  const worth: Worth[] = [];
  for (const rewrite of REWRITES) {
    said(rewrite);
    const lacking = await optimize(network, { ...options, without: rewrite });
    for (const [k, { name, bytes }] of graphs.entries()) {
      // The small graph takes the taps of a convolution side by side: it has one product anyway.
      if (name === "small" && rewrite === "products") continue;
      const rivals: Rival[] = [];
      try {
        rivals.push(await Rival.load(name, bytes, runtime));
        rivals.push(await Rival.load(`${name} without ${rewrite}`, lacking.graphs[k].bytes, runtime));
        const [{ rows, ms }] = await contest(rivals, [ROWS[name]], feedsFor);
        worth.push({ rewrite, graph: name, rows, with_ms: ms[0], without_ms: ms[1] });
      } finally {
        for (const rival of rivals) await rival.close();
      }
    }
  }
  return worth;
}

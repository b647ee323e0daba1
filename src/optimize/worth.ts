import type { Runtime } from "../inference/runtime.js";
import { contest } from "./contest.js";
import { type Optimized, type OptimizedGraph, type OptimizeOptions, optimize } from "./optimize.js";
import { type Feeds, Rival } from "./rival.js";
import { REWRITES, type Rewrite } from "./target.js";

/** What a graph costs with all rewrites, and with all but one. */
export interface Worth {
  readonly rewrite: Rewrite | "float16";
  readonly graph: OptimizedGraph["name"];
  readonly provider: Runtime["provider"];
  readonly rows: number;
  readonly with_ms: number;
  readonly without_ms: number;
}

/** The batch that each graph is made for. */
const ROWS = { small: 1, large: 100, gpu: 100, "gpu-half": 100 };

/** These change nothing in these graphs: one product per convolution anyway, or the operator as it is. */
const NO_MATTER: Readonly<Record<OptimizedGraph["name"], readonly Rewrite[]>> = {
  small: ["products"],
  large: [],
  gpu: ["products", "mish"],
  "gpu-half": ["products", "mish"],
};

/**
 * Times every rewrite on its own: the graphs against the same without it. What is computed once per observation is not part of
 * a call.
 *
 * @param runtimes for the graphs of cpu and gpu; without one of them, its graphs are not timed.
 */
export async function worthOfEach(
  network: Uint8Array,
  optimized: Optimized,
  options: OptimizeOptions,
  runtimes: Readonly<Partial<Record<OptimizedGraph["for"], Runtime>>>,
  feedsFor: (rows: number) => Feeds,
  said: (what: string) => void,
): Promise<Worth[]> {
  const worth: Worth[] = [];
  const duel = async (rewrite: Worth["rewrite"], graph: OptimizedGraph, has: Files, lacks: Files) => {
    const runtime = runtimes[graph.for];
    if (!runtime) return;
    said(`timing the ${graph.name} graph without ${rewrite}`);
    const rivals: Rival[] = [];
    try {
      for (const [bytes, observation] of [has, lacks]) {
        rivals.push(await Rival.load(graph.name, bytes, runtime, observation));
      }
      const [{ rows, ms }] = await contest(rivals, [ROWS[graph.name]], feedsFor);
      const { provider } = runtime;
      worth.push({ rewrite, graph: graph.name, provider, rows, with_ms: ms[0], without_ms: ms[1] });
    } finally {
      for (const rival of rivals) await rival.close();
    }
  };
  const { graphs, observation } = optimized;
  for (const rewrite of REWRITES) {
    const lacking = await optimize(network, { ...options, without: rewrite });
    for (const other of lacking.graphs) {
      const graph = graphs.find(({ name }) => name === other.name);
      if (!graph || NO_MATTER[graph.name].includes(rewrite)) continue;
      await duel(rewrite, graph, [graph.bytes, observation], [other.bytes, lacking.observation]);
    }
  }
  const [single, half] = (["float32", "float16"] as const).map((precision) =>
    graphs.find((graph) => graph.for === "gpu" && graph.precision === precision),
  );
  if (single && half) await duel("float16", half, [half.bytes, observation], [single.bytes, observation]);
  return worth;
}

type Files = readonly [graph: Uint8Array, observation: Uint8Array | undefined];

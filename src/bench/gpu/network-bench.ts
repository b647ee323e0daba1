import type { World } from "../../../sim/world.js";
import { type BatchCurve, timeCalls } from "../../inference/batch-curve.js";
import { graphAt, graphsFor, optimizedFor } from "../../inference/graphs.js";
import { openNetwork, type PolicyNetwork } from "../../inference/policy-network.js";
import type { Runtime } from "../../inference/runtime.js";
import { rejoined } from "../../optimize/rejoined.js";
import type { Bundle } from "../../policy/bundle.js";
import { cleanFromNoise } from "../../sampling/denoiser.js";
import { squaredCosine } from "../../sampling/schedule.js";
import { benchCrossing } from "../crossing.js";
import { callParts } from "./call-parts.js";
import { PatternPlayer } from "./call-pattern.js";
import type { DeviceRates } from "./device-rates.js";
import { floorOf, type SweepFloor } from "./floor.js";
import { callCosts } from "./graph-cost.js";
import type { PeerOptions } from "./peer.js";
import { PeerRows } from "./peer-rows.js";
import { isRandom } from "./random-bundle.js";
import type { NetworkResult } from "./result.js";
import { type CallSource, type Replay, RowTable } from "./row-table.js";
import { runnersOf } from "./runners.js";
import { type SolveSample, solvesOf } from "./solves.js";

/** Sweeps in one call: one, and a usual solve of three. */
const IN_A_GRAPH = [1, 3];

export interface GpuPlan {
  readonly runtime: Runtime;
  /** States of a trained policy, and replays of each row for another network. */
  readonly states: number;
  /** Calls of every batch size of the curve. */
  readonly rounds: number;
  /** No further turn of a network is begun after so long; the first one always is. */
  readonly seconds: number;
  readonly batches: readonly number[];
  readonly peer?: PeerOptions;
}

type Save = (result: NetworkResult) => void;

/**
 * Measures one network on one provider: calls by batch size, their parts, the floor, and chunks, in turns with the peer.
 *
 * @param source whose calls are replayed where the network's own solves mean nothing.
 * @param save is given the result again and again as it grows, so that a run that is cut short has something.
 */
export async function benchNetworkOn(
  bundle: Bundle,
  plan: GpuPlan,
  rates: DeviceRates,
  source: CallSource,
  openWorld: () => Promise<World>,
  save: Save,
  progress: (what: string) => void,
): Promise<{ readonly result: NetworkResult; readonly source: CallSource }> {
  const { manifest } = bundle;
  const { runtime, batches, rounds } = plan;
  let result = emptyResult(bundle, runtime.provider);
  const grow = (more: Partial<NetworkResult>) => {
    result = { ...result, ...more };
    save(result);
  };
  const network = await openNetwork(bundle, runtime);
  try {
    progress("calls by batch size");
    const enoughMs = 1e3 * plan.seconds;
    grow({ curve: await timeCalls(network, batches, { warmups: 2, rounds, enoughMs }) });
    progress("where a call's time goes");
    const ends = [...new Set([batches[0], batches[batches.length - 1]])];
    const launch = rates.launch_ms;
    grow({ parts: await callParts(bundle, runtime, network, ends, launch, Math.min(rounds, 9)) });
    const floors: SweepFloor[] = [];
    for (const { bytes, calls } of byGraph(bundle, runtime, result.curve)) {
      const costs = await callCosts(
        bytes,
        calls.map(({ batch }) => batch),
      );
      floors.push(...costs.map((cost, k) => floorOf(cost, calls[k].ms, rates)));
    }
    grow({ floors });
    progress("sweeps in our loop and in a graph");
    grow({ sweeps: await sweepRows(bundle, runtime, rounds, progress) });

    if (plan.peer) progress("the PyTorch peer");
    const peer = plan.peer && (await PeerRows.start(bundle, network, plan.peer));
    try {
      const turns = isRandom(manifest)
        ? replays(source, plan.states)
        : solves(bundle, network, runtime, openWorld);
      const { levels, clip } = manifest.diffusion;
      const denoiser = cleanFromNoise(network, squaredCosine(levels), clip);
      const table = new RowTable(new PatternPlayer(denoiser, levels, () => network.runMs), source);
      const until = performance.now() + enoughMs;
      for (let turn = 0; turn < plan.states && (turn === 0 || performance.now() < until); turn++) {
        progress(`turn ${turn + 1}/${plan.states}`);
        const { value } = await turns.next();
        if (!value) break;
        for (const sample of value) {
          await table.add(sample);
          grow({ rows: table.rows() });
        }
        await peer?.turn(turn, progress);
        grow({ peer: peer ? peer.result() : null });
      }
      if (peer) {
        await peer.finish(ends, progress);
        grow({ peer: peer.result() });
      }
      return { result, source: isRandom(manifest) ? source : table.source(manifest.name) };
    } finally {
      await peer?.close();
    }
  } finally {
    await network.close();
  }
}

/** Of a network before anything is measured. */
export function emptyResult(bundle: Bundle, provider: Runtime["provider"]): NetworkResult {
  const { manifest } = bundle;
  const optimized = optimizedFor(bundle, provider);
  const isHalf = optimized.some(({ precision }) => precision === "float16");
  return {
    policy: manifest.name,
    sha256: manifest.denoiser.sha256,
    weights: isRandom(manifest) ? "random" : "trained",
    graphs: optimized.length === 0 ? "original" : isHalf ? "optimized, float16" : "optimized",
    network: String(manifest.training.network ?? ""),
    failure: null,
    curve: [],
    parts: [],
    floors: [],
    sweeps: null,
    rows: [],
    peer: null,
  };
}

/** The batch sizes that each of a network's graphs answers. */
function byGraph(
  bundle: Bundle,
  runtime: Runtime,
  curve: BatchCurve,
): { readonly bytes: Uint8Array; readonly calls: BatchCurve }[] {
  const graphs = graphsFor(bundle, runtime.provider);
  return graphs.map(({ bytes, observation }) => ({
    bytes: rejoined(bytes, observation?.bytes),
    calls: curve.filter(({ batch }) => graphAt(graphs, batch).bytes === bytes),
  }));
}

/** Of a network that the composed graph does not take, the reason. */
async function sweepRows(
  bundle: Bundle,
  runtime: Runtime,
  rounds: number,
  progress: (what: string) => void,
): Promise<NetworkResult["sweeps"]> {
  try {
    return {
      failure: null,
      rows: await benchCrossing(bundle, runtime, { sweeps: IN_A_GRAPH, rounds }, progress),
    };
  } catch (error) {
    return { failure: (error as Error).message, rows: [] };
  }
}

/** What one turn gives: whole solves of a trained policy, or the calls of such solves. */
type Turn = readonly (SolveSample | Replay)[];

async function* solves(
  bundle: Bundle,
  network: PolicyNetwork,
  runtime: Runtime,
  openWorld: () => Promise<World>,
): AsyncGenerator<Turn, void, void> {
  const isCpu = runtime.provider === "cpu";
  const reference = isCpu ? undefined : await openNetwork(bundle, { ...runtime, provider: "cpu" });
  try {
    yield* solvesOf(bundle, network, reference, runnersOf(bundle), openWorld);
  } finally {
    await reference?.close();
  }
}

async function* replays({ rows }: CallSource, turns: number): AsyncGenerator<Turn, void, void> {
  for (let turn = 0; turn < turns; turn++) {
    yield rows.map(({ runner, patterns }) => ({ runner, pattern: patterns[turn % patterns.length] }));
  }
}

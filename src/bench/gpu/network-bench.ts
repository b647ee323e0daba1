import type { World } from "../../../sim/world.js";
import { type BatchCurve, timeCalls } from "../../inference/batch-curve.js";
import { graphAt, graphsFor } from "../../inference/graphs.js";
import { openNetwork, type PolicyNetwork } from "../../inference/policy-network.js";
import type { Runtime } from "../../inference/runtime.js";
import { rejoined } from "../../optimize/rejoined.js";
import type { Bundle } from "../../policy/bundle.js";
import { cleanFromNoise } from "../../sampling/denoiser.js";
import { squaredCosine } from "../../sampling/schedule.js";
import { mean, quantile } from "../../telemetry/statistics.js";
import { benchCrossing } from "../crossing.js";
import { callParts } from "./call-parts.js";
import { type CallPattern, PatternPlayer } from "./call-pattern.js";
import type { DeviceRates } from "./device-rates.js";
import { floorOf, type SweepFloor } from "./floor.js";
import { callCosts } from "./graph-cost.js";
import type { PeerOptions } from "./peer.js";
import { PeerRows } from "./peer-rows.js";
import { isRandom } from "./random-bundle.js";
import type { GpuRow, NetworkResult } from "./result.js";
import { type Runner, runnersOf } from "./runners.js";
import { type SolveSample, solvesOf } from "./solves.js";
import { timingOf } from "./timing.js";

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

/** What a network's solves ask, by row, and what they cost beside the network: of the trained policy, for the others. */
export interface CallSource {
  readonly policy: string;
  readonly rows: readonly {
    readonly runner: Runner;
    readonly patterns: readonly CallPattern[];
    readonly own_ms: number | null;
  }[];
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
  let result = emptyResult(bundle);
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
export function emptyResult({ manifest }: Bundle): NetworkResult {
  return {
    policy: manifest.name,
    sha256: manifest.denoiser.sha256,
    weights: isRandom(manifest) ? "random" : "trained",
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

interface Replay {
  readonly runner: Runner;
  readonly pattern: CallPattern;
}

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

/** Gathers the samples of every row, and replays each one's calls. */
class RowTable {
  readonly #player: PatternPlayer;
  readonly #source: CallSource;
  readonly #samples = new Map<
    Runner,
    { readonly sample: SolveSample | Replay; readonly callsMs: number }[]
  >();
  readonly #seen = new Set<number>();

  constructor(player: PatternPlayer, source: CallSource) {
    this.#player = player;
    this.#source = source;
  }

  async add(sample: SolveSample | Replay): Promise<void> {
    const { runner, pattern } = sample;
    // A batch size that the provider has not met costs a compilation or a search, once.
    const fresh = pattern.filter((rows) => !this.#seen.has(rows));
    if (fresh.length > 0) await this.#player.play([...new Set(fresh)]);
    for (const rows of fresh) this.#seen.add(rows);
    const callsMs = await this.#player.play(pattern);
    this.#samples.set(runner, [...(this.#samples.get(runner) ?? []), { sample, callsMs }]);
  }

  rows(): GpuRow[] {
    return this.#inOrder().map(([runner, entries]) => {
      const solved = entries.flatMap(({ sample }) => ("ms" in sample ? [sample] : []));
      const isSolved = solved.length > 0;
      const replayed = entries.map(({ callsMs }) => callsMs);
      const own_ms = isSolved ? ownMs(solved) : this.#borrowedOwnMs(runner);
      const patterns = entries.map(({ sample }) => sample.pattern);
      const errors = solved.flatMap(({ error }) => error ?? []);
      const cpuErrors = solved.flatMap(({ cpu_error }) => cpu_error ?? []);
      const agreement = isSolved
        ? quantile(replayed, 0.5) /
          quantile(
            solved.map(({ network_ms }) => network_ms),
            0.5,
          )
        : null;
      return {
        name: runner.name,
        start: runner.start,
        stride: runner.stride,
        solve: isSolved ? timingOf(solved.map(({ ms }) => ms)) : null,
        calls: timingOf(replayed),
        agreement,
        own_ms,
        ms: timingOf(isSolved ? solved.map(({ ms }) => ms) : replayed.map((ms) => ms + (own_ms ?? 0))),
        sweeps: mean(patterns.map(({ length }) => length)),
        evaluations: mean(patterns.map((batches) => batches.reduce((sum, rows) => sum + rows, 0))),
        sweeps_from: isSolved ? "its own solves" : this.#source.policy,
        error_p50: errors.length > 0 ? quantile(errors, 0.5) : null,
        error_p99: errors.length > 0 ? quantile(errors, 0.99) : null,
        cpu_error_p99: cpuErrors.length > 0 ? quantile(cpuErrors, 0.99) : null,
      };
    });
  }

  /** For the networks that come after this one. */
  source(policy: string): CallSource {
    const rows = [...this.#samples].map(([runner, entries]) => ({
      runner,
      patterns: entries.map(({ sample }) => sample.pattern),
      own_ms: ownMs(entries.flatMap(({ sample }) => ("ms" in sample ? [sample] : []))),
    }));
    return { policy: `solves of ${policy} in this run`, rows };
  }

  /** Cold before warm, as a reader compares them. */
  #inOrder() {
    const place = ({ start, stride }: Runner) => (start === "cold" ? 0 : 1000 - (stride ?? 0));
    return [...this.#samples].sort(([a], [b]) => place(a) - place(b));
  }

  #borrowedOwnMs(runner: Runner): number | null {
    return this.#source.rows.find((row) => row.runner === runner)?.own_ms ?? null;
  }
}

function ownMs(samples: readonly SolveSample[]): number {
  return quantile(
    samples.map(({ ms, network_ms }) => ms - network_ms),
    0.5,
  );
}

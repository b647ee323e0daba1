import type { ChunkShape } from "../../sampling/denoiser.js";
import { monotonicMs } from "../../time/clock.js";
import type { NetworkFiles } from "../graphs.js";
import { OnnxNetwork } from "../onnx.js";
import type { PolicyNetwork } from "../policy-network.js";
import type { Runtime } from "../runtime.js";
import type { WorkerFaults } from "../worker-faults.js";
import { Shard } from "./shard.js";
import { beginnings, filesOfParts, split, thresholdsOf } from "./split.js";

/** About the time between the sweeps of a solve: a thread that slept there took milliseconds to wake. */
const SPIN_MS = 1;
const FEWEST_HANG_MS = 2000;
/** Of the part that this thread answered meanwhile, which is as large. */
const HANG_PARTS = 10;

/**
 * A network on several threads of a CPU. Calls of many rows are split over sessions of one thread each, this thread's
 * own and those of its {@link Shard}s: independent parts need no waiting for one another layer by layer. Calls of few rows
 * go to a session with all threads. Answers are bit for bit those of {@link OnnxNetwork} with one thread.
 *
 * Cost: every session has its own copy of the weights, two in this thread and one in each other.
 */
export class ShardedNetwork implements PolicyNetwork {
  readonly shape: ChunkShape;
  readonly #whole: OnnxNetwork;
  readonly #own: OnnxNetwork;
  readonly #others: readonly Shard[];
  readonly #fromRows: readonly number[];
  #splitMs = 0;

  private constructor(
    whole: OnnxNetwork,
    own: OnnxNetwork,
    others: readonly Shard[],
    fromRows: readonly number[],
  ) {
    this.shape = whole.shape;
    this.#whole = whole;
    this.#own = own;
    this.#others = others;
    this.#fromRows = fromRows;
  }

  /** @throws ConfigurationError as {@link OnnxNetwork.load} does. */
  static async load(
    files: NetworkFiles,
    runtime: Runtime,
    fault?: WorkerFaults["shard"],
  ): Promise<ShardedNetwork> {
    // First, so that what is wrong with the files is found before any thread is started.
    const whole = await OnnxNetwork.load(files, runtime);
    const parts = filesOfParts(files);
    const own = await OnnxNetwork.load(parts, { ...runtime, threads: 1 });
    const size = whole.shape.horizon * whole.shape.dim;
    const spinMs = runtime.spin ? SPIN_MS : 0;
    const started = await Promise.allSettled(
      Array.from({ length: runtime.threads - 1 }, () => Shard.start(parts, size, spinMs, fault)),
    );
    const shards = started.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
    const refused = started.find((start) => start.status === "rejected");
    if (refused) {
      await Promise.all([whole, own, ...shards].map((opened) => opened.close()));
      throw refused.reason;
    }
    return new ShardedNetwork(whole, own, shards, beginnings(files));
  }

  observe(observation: Float64Array): void {
    this.#whole.observe(observation);
    this.#own.observe(observation);
    for (const shard of this.#others) shard.observe(observation);
  }

  /** Rows from which another graph answers, or the first two threads share a call. */
  get thresholds(): readonly number[] {
    return thresholdsOf(this.#fromRows);
  }

  get runMs(): number {
    return this.#whole.runMs + this.#splitMs;
  }

  /**
   * @throws ShardLostError when a thread dies or hangs, in this call or before it; what `out` has then is of no use. After
   * it there is nothing to do but {@link close}.
   */
  async predictNoise(
    states: Float64Array,
    levels: Int32Array,
    rows: number,
    out: Float64Array,
    owners?: Int32Array,
  ): Promise<void> {
    for (const shard of this.#others) shard.check();
    const [mine, ...theirs] = split(rows, this.#others.length + 1, this.#fromRows);
    if (theirs.length === 0) return this.#whole.predictNoise(states, levels, rows, out, owners);
    const began = monotonicMs();
    let from = mine;
    const asked = theirs.map((part, k) => {
      const shard = this.#others[k];
      shard.begin(states, levels, from, part, owners);
      from += part;
      return { shard, at: from - part };
    });
    const failures: unknown[] = [];
    const note = (failure: unknown) => failures.push(failure);
    await this.#own.predictNoise(states, levels, mine, out, owners).catch(note);
    const hangMs = Math.max(FEWEST_HANG_MS, HANG_PARTS * (monotonicMs() - began));
    // All of them, whatever fails: the next call must not find the memory in use.
    for (const { shard, at } of asked) await shard.finish(out, at, hangMs).catch(note);
    this.#splitMs += monotonicMs() - began;
    if (failures.length > 0) throw failures[0];
  }

  async close(): Promise<void> {
    await Promise.all(this.#others.map((shard) => shard.close()));
    await this.#own.close();
    await this.#whole.close();
  }
}

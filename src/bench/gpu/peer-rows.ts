import type { PolicyNetwork } from "../../inference/policy-network.js";
import type { Bundle } from "../../policy/bundle.js";
import { observationWidth } from "../../policy/manifest.js";
import { GaussianStream } from "../../sampling/noise.js";
import { Peer, type PeerOptions } from "./peer.js";
import type { PeerResult, PeerRow } from "./result.js";
import { timingOf } from "./timing.js";

/** Eager sampling is slow: after so many turns the others go on without the peer. */
const TURNS = 15;
const RULES = [
  ["ddpm", 100],
  ["ddim", 10],
] as const;
const CHECKED_ROWS = 4;

interface Gathered {
  readonly variant: string;
  readonly rule: "ddpm" | "ddim";
  readonly steps: number;
  readonly ms: number[];
  failure: string | null;
}

/** The rows of the peer of one network, each sampled once a turn. What fails is left out from then on, and says why. */
export class PeerRows {
  readonly #peer: Peer | undefined;
  readonly #rows: readonly Gathered[];
  readonly #calls: PeerResult["calls"][number][] = [];
  #differences: PeerResult["differences"] = null;
  #rates: PeerResult["rates"] = null;
  #failure: string | null = null;

  private constructor(peer: Peer | undefined, failure: string | null) {
    this.#peer = peer;
    this.#failure = failure;
    this.#rows = (peer?.greeting.variants ?? []).flatMap((variant) =>
      RULES.map(([rule, steps]) => ({ variant, rule, steps, ms: [], failure: null })),
    );
  }

  static async start(bundle: Bundle, network: PolicyNetwork, options: PeerOptions): Promise<PeerRows> {
    try {
      const rows = new PeerRows(await Peer.start(bundle, options), null);
      await rows.#attempt(() => rows.#check(bundle, network));
      return rows;
    } catch (error) {
      return new PeerRows(undefined, (error as Error).message);
    }
  }

  async turn(turn: number, progress: (what: string) => void): Promise<void> {
    if (turn >= TURNS) return;
    for (const row of this.#rows) {
      if (row.failure) continue;
      progress(`turn ${turn + 1}, peer ${row.variant}, ${row.rule}-${row.steps}`);
      try {
        const ms = await this.#peer?.time(row.variant, row.rule, row.steps);
        if (ms !== undefined) row.ms.push(ms);
      } catch (error) {
        row.failure = (error as Error).message;
      }
    }
  }

  /** What need not be in turns: single calls, and what the device does at most by torch. */
  async finish(batches: readonly number[], progress: (what: string) => void): Promise<void> {
    for (const variant of this.#peer?.greeting.variants ?? []) {
      for (const batch of batches) {
        progress(`peer ${variant}, calls of ${batch}`);
        await this.#attempt(async (peer) => {
          this.#calls.push({ variant, batch, ms: await peer.call(variant, batch) });
        });
      }
    }
    progress("peer, rates");
    await this.#attempt(async (peer) => {
      this.#rates = await peer.rates();
    });
  }

  result(): PeerResult {
    return {
      failure: this.#failure,
      greeting: this.#peer?.greeting ?? null,
      differences: this.#differences,
      rates: this.#rates,
      rows: this.#rows.map(
        ({ variant, rule, steps, ms, failure }): PeerRow => ({
          variant,
          rule,
          steps,
          ms: ms.length > 0 ? timingOf(ms) : null,
          failure,
        }),
      ),
      calls: this.#calls,
    };
  }

  async close(): Promise<void> {
    await this.#peer?.close();
  }

  async #check({ manifest }: Bundle, network: PolicyNetwork): Promise<void> {
    const { horizon, dim } = network.shape;
    const stream = new GaussianStream(1);
    const sample = stream.fill(new Float64Array(CHECKED_ROWS * horizon * dim));
    const { levels } = manifest.diffusion;
    const level = Int32Array.from({ length: CHECKED_ROWS }, (_, k) =>
      Math.floor((k * levels) / CHECKED_ROWS),
    );
    const observation = stream.fill(new Float64Array(manifest.n_obs_steps * observationWidth(manifest)));
    const expected = new Float64Array(sample.length);
    network.observe(observation);
    await network.predictNoise(sample, level, CHECKED_ROWS, expected);
    this.#differences = (await this.#peer?.differences(sample, level, observation, expected)) ?? null;
  }

  async #attempt(what: (peer: Peer) => Promise<void>): Promise<void> {
    if (!this.#peer) return;
    try {
      await what(this.#peer);
    } catch (error) {
      this.#failure ??= (error as Error).message;
    }
  }
}

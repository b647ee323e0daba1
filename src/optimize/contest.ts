import { quantile } from "../telemetry/statistics.js";
import type { Feeds, Rival } from "./rival.js";

/** Median milliseconds of every rival for one batch size. */
export interface Contest {
  readonly rows: number;
  readonly ms: readonly number[];
}

/** Rounds per batch size, and when no further one begins. */
const ROUNDS = 15;
const FEWEST_ROUNDS = 3;
const ENOUGH_MS = 3000;
/** A rival's turn lasts about so long: long enough that what ran before it no longer matters. */
const TURN_MS = 40;
const MOST_CALLS = 30;

/** Times rivals turn by turn, so that a machine that is busy for a moment is busy for all of them. */
export async function contest(
  rivals: readonly Rival[],
  sizes: readonly number[],
  feedsFor: (rows: number) => Feeds,
  said: (rows: number) => void = () => {},
): Promise<Contest[]> {
  const results: Contest[] = [];
  for (const rows of sizes) {
    said(rows);
    const feeds = feedsFor(rows);
    const calls: number[] = [];
    for (const rival of rivals) {
      const [, , typical] = await rival.time(feeds, 3);
      calls.push(Math.max(1, Math.min(MOST_CALLS, Math.round(TURN_MS / typical))));
    }
    const times = rivals.map((): number[] => []);
    const began = performance.now();
    for (let round = 0; round < ROUNDS; round++) {
      if (round >= FEWEST_ROUNDS && performance.now() - began > ENOUGH_MS) break;
      for (const [k, rival] of rivals.entries()) {
        // The first call of a turn finds another's weights in the caches.
        const turn = await rival.time(feeds, 1 + calls[k]);
        times[k].push(...turn.slice(1));
      }
    }
    results.push({ rows, ms: times.map((samples) => quantile(samples, 0.5)) });
  }
  return results;
}

/** From how many rows each rival is used; null for one that is not worth having. */
export type Thresholds = readonly (number | null)[];

/** Less than this on average (a twentieth at one size in ten) is no reason to carry another graph. */
const WORTHWHILE = 0.005;

/**
 * From how many rows each rival is to run, where rivals follow one another in their order and the first one serves from
 * the start: the choice with the least time, every batch size counting by its ratio.
 */
export function thresholds(contests: readonly Contest[]): Thresholds {
  const rivals = contests[0].ms.length;
  let best: { readonly cost: number; readonly choice: Thresholds } | undefined;
  const weigh = (choice: readonly (number | null)[]) => {
    const used = choice.filter((from) => from !== null).length;
    const logs = contests.map(({ ms }, k) => {
      const serving = choice.reduce<number>((last, from, r) => (from !== null && from <= k ? r : last), 0);
      return Math.log(ms[serving]);
    });
    const cost = logs.reduce((sum, log) => sum + log, 0) / contests.length + WORTHWHILE * used;
    if (!best || cost < best.cost) best = { cost, choice };
  };
  const extend = (choice: readonly (number | null)[], from: number) => {
    if (choice.length === rivals) return weigh(choice);
    extend([...choice, null], from);
    for (let k = from; k < contests.length; k++) extend([...choice, k], k + 1);
  };
  extend([0], 0);
  const chosen = (best as { readonly choice: Thresholds } | undefined)?.choice ?? [];
  return chosen.map((k) => (k === null ? null : k === 0 ? 1 : contests[k].rows));
}

import { graphsFor, type NetworkFiles, optimizedFor } from "../graphs.js";

/** With fewer, waking another thread took longer than it saved: `parapilot bench runtime`. */
const FEWEST_ROWS = 4;

/**
 * How many rows of a call each thread answers: as evenly as they go, so that all finish together; `[rows]` where a split
 * does not pay. It depends on nothing but its arguments, so that a replay splits as the run did. No part is so small that
 * another graph would answer it: the answers are those of one call.
 *
 * @param fromRows where each graph of the network begins, ascending from 1.
 * @example split(101, 2, [1, 5]) // [51, 50]
 */
export function split(rows: number, threads: number, fromRows: readonly number[]): number[] {
  const begins = fromRows.findLast((from) => from <= rows) ?? 1;
  const parts = Math.max(1, Math.min(threads, Math.floor(rows / fewest(begins))));
  const even = Math.floor(rows / parts);
  return Array.from({ length: parts }, (_, k) => even + (k < rows % parts ? 1 : 0));
}

/** Where another graph begins, and where calls of one begin to be split; ascending. */
export function thresholdsOf(fromRows: readonly number[]): number[] {
  return fromRows.flatMap((begins, k) => {
    const pays = 2 * fewest(begins);
    const next = fromRows[k + 1] ?? Number.POSITIVE_INFINITY;
    return [...(k > 0 ? [begins] : []), ...(pays < next ? [pays] : [])];
  });
}

/** What of a network is ever asked in parts: the graphs of small calls, which are not, would take memory in every shard. */
export function filesOfParts(files: NetworkFiles): NetworkFiles {
  const fromRows = beginnings(files);
  const isSplit = (k: number) => (fromRows[k + 1] ?? Number.POSITIVE_INFINITY) > 2 * fewest(fromRows[k]);
  const optimized = optimizedFor(files, "cpu");
  const before = fromRows.length - optimized.length;
  const kept = optimized.filter((_, k) => isSplit(k + before));
  if (before > 0 && isSplit(0)) return { ...files, optimized: kept };
  // It answers the smallest parts there are, so it may as well begin at one row; then the original is not needed.
  const [first, ...larger] = kept;
  return { ...files, network: NOTHING, optimized: [{ ...first, fromRows: 1 }, ...larger] };
}

const NOTHING = new Uint8Array();

function fewest(begins: number): number {
  return Math.max(FEWEST_ROWS, begins);
}

/** Where each graph of a network begins. */
export function beginnings(files: NetworkFiles): number[] {
  return graphsFor(files, "cpu").map(({ fromRows }) => fromRows);
}

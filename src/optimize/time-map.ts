import type { Convolution } from "./layers.js";
import { MOST_POINTS, minimalFilter, type Products, toeplitz } from "./toom.js";

/**
 * A convolution as `spread · ((gather · x)_p W_p)`: gather picks, for each of the points and tiles, a mixture of time
 * steps; all tiles of a point meet one weight matrix, `W_p = sum over k of filter[p][k] w_k` with k over the taps of all
 * phases one after another; spread adds the products up to output steps.
 */
export interface TimeMap {
  readonly tiles: number;
  /** [points][tiles][input steps] */
  readonly gather: readonly number[][][];
  /** [points][taps] */
  readonly filter: readonly number[][];
  /** [output steps][points][tiles] */
  readonly spread: readonly number[][][];
}

/** The cheapest time map of a convolution over `steps` steps, by the number of products; or the one with a product per tap. */
export function timeMap(convolution: Convolution, steps: number, cheapest = true): TimeMap {
  const { stride, phases, steps: each } = convolution;
  const allTaps = phases.reduce((sum, { taps }) => sum + taps.length, 0);
  const outputs = each * phases.length;
  const parts: TimeMap[] = [];
  let before = 0;
  phases.forEach(({ first, taps }, phase) => {
    for (let residue = 0; residue < stride; residue++) {
      // These taps read the steps residue, residue + stride, ... and no others.
      const own = taps.map((_, k) => k).filter((k) => modulo(first + k, stride) === residue);
      if (own.length === 0) continue;
      const visible = Math.ceil((steps - residue) / stride);
      const offset = (first + own[0] - residue) / stride;
      const { tiles, gather, filter, spread } = (cheapest ? filterMap : direct)(
        visible,
        each,
        own.length,
        offset,
      );
      parts.push({
        tiles,
        gather: gather.map((point) =>
          point.map((tile) =>
            zeros(steps).map((_, j) => (j % stride === residue ? tile[(j - residue) / stride] : 0)),
          ),
        ),
        filter: filter.map((row) => {
          const wide = zeros(allTaps);
          own.forEach((tap, k) => {
            wide[before + tap] = row[k];
          });
          return wide;
        }),
        spread: Array.from({ length: outputs }, (_, i) =>
          i % phases.length === phase ? spread[(i - phase) / phases.length] : filter.map(() => zeros(tiles)),
        ),
      });
    }
    before += taps.length;
  });
  return together(parts);
}

/** Points whose weight matrix may carry a bias: which output steps get it exactly once, and no other step any of it. */
export function biasReach({ spread, filter }: TimeMap): number[][] {
  return filter.map((_, point) => {
    const sums = spread.map((points) => points[point].reduce((sum, value) => sum + value, 0));
    const sizes = spread.map((points) => points[point].reduce((sum, value) => sum + Math.abs(value), 0));
    const reached = sums.flatMap((sum, step) => (near(sum, 1) && near(sizes[step], 1) ? [step] : []));
    const others = sizes.filter((size) => size > 1e-9).length;
    return others === reached.length ? reached : [];
  });
}

/** One filter with stride 1: `out[i] = sum over k of w[k] x[i + first + k]` for i < outputs. */
function filterMap(steps: number, outputs: number, taps: number, first: number): TimeMap {
  let cheapest = direct(steps, outputs, taps, first);
  const products = ({ tiles, filter }: TimeMap) => tiles * filter.length;
  const consider = (candidate: TimeMap) => {
    if (products(candidate) < products(cheapest)) cheapest = candidate;
  };
  if (taps === 1) return cheapest;
  for (let m = 2; m + taps - 1 <= MOST_POINTS && m <= outputs; m++) {
    if (outputs % m === 0) consider(tiled(minimalFilter(m, taps), steps, outputs, m, first));
  }
  const within = first > -steps && first + taps - 1 < steps;
  if (steps === outputs && 2 * steps - 1 <= MOST_POINTS && within) consider(whole(steps, taps, first));
  return cheapest;
}

function direct(steps: number, outputs: number, taps: number, first: number): TimeMap {
  const one = (length: number, at: number) => zeros(length).map((_, k) => Number(k === at));
  const each = <T>(length: number, make: (k: number) => T) => Array.from({ length }, (_, k) => make(k));
  return {
    tiles: outputs,
    gather: each(taps, (k) => each(outputs, (i) => one(steps, i + first + k))),
    filter: each(taps, (k) => one(taps, k)),
    spread: each(outputs, (i) => each(taps, () => one(outputs, i))),
  };
}

function tiled(
  { input, filter, output }: Products,
  steps: number,
  outputs: number,
  m: number,
  first: number,
): TimeMap {
  const tiles = outputs / m;
  return {
    tiles,
    gather: input.map((row) =>
      Array.from({ length: tiles }, (_, tile) => {
        const mixture = zeros(steps);
        row.forEach((value, k) => {
          const step = tile * m + k + first;
          if (step >= 0 && step < steps) mixture[step] = value;
        });
        return mixture;
      }),
    ),
    filter: filter.map((row) => [...row]),
    spread: Array.from({ length: outputs }, (_, i) =>
      output[i % m].map((value) => zeros(tiles).map((_, tile) => (tile === Math.floor(i / m) ? value : 0))),
    ),
  };
}

function whole(steps: number, taps: number, first: number): TimeMap {
  const { input, filter, output } = toeplitz(steps);
  return {
    tiles: 1,
    gather: input.map((row) => [[...row]]),
    // Diagonal d of the matrix, counted from 1 - steps, holds tap d - first.
    filter: filter.map((row) => row.slice(first + steps - 1, first + steps - 1 + taps)),
    spread: output.map((row) => row.map((value) => [value])),
  };
}

/** One map of several that add up. All must have as many tiles, so that one Split serves: points of the finer are repeated. */
function together(parts: readonly TimeMap[]): TimeMap {
  const tiles = parts.map((part) => part.tiles).reduce(greatestDivisor);
  const even = parts.map((part) => {
    const times = part.tiles / tiles;
    const each = <T>(of: readonly T[], make: (value: T, copy: number) => T) =>
      Array.from({ length: times }, (_, copy) => of.map((value) => make(value, copy))).flat();
    const every = <T>(row: readonly T[], copy: number) => row.filter((_, k) => k % times === copy);
    return {
      gather: each(part.gather as number[][][], every),
      filter: each(part.filter as number[][], (row) => row),
      spread: part.spread.map((points) => each(points, every)),
    };
  });
  return {
    tiles,
    gather: even.flatMap(({ gather }) => gather),
    filter: even.flatMap(({ filter }) => filter),
    spread: even[0].spread.map((_, i) => even.flatMap(({ spread }) => spread[i])),
  };
}

function zeros(length: number): number[] {
  return new Array<number>(length).fill(0);
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) < 1e-9;
}

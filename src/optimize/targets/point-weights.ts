import type { Convolution } from "../layers.js";
import { biasReach, type TimeMap } from "../time-map.js";

/** Whether every output step is the step of the same place times one matrix. */
export function isPointwise({ filter, gather, spread }: TimeMap): boolean {
  const identity = (rows: readonly (readonly number[])[]) =>
    rows.every((row, k) => row.length === rows.length && row.every((value, c) => value === Number(c === k)));
  return filter.length === 1 && identity(gather[0]) && identity(spread.map(([tiles]) => tiles));
}

/** The weight matrix of every point, summed in double precision. */
export function weightsOf({ phases, from, to }: Convolution, { filter }: TimeMap): Float64Array[] {
  const taps = phases.flatMap((phase) => phase.taps);
  return filter.map((row) => {
    const sum = new Float64Array(from * to);
    row.forEach((factor, k) => {
      if (factor === 0) return;
      const tap = taps[k];
      for (let i = 0; i < sum.length; i++) sum[i] += factor * tap[i];
    });
    return sum;
  });
}

export interface Biases {
  /** By point: the bias that its product carries. */
  readonly carried: ReadonlyMap<number, ArrayLike<number>>;
  /** [steps, to]: what no point could carry. */
  readonly left?: Float64Array;
}

/** A bias costs nothing on a product that reaches its steps exactly once: the one at the point 1 does. */
export function biasesOf({ phases, to }: Convolution, map: TimeMap): Biases {
  const carried = new Map<number, ArrayLike<number>>();
  const steps = map.spread.length;
  const open = new Set(Array.from({ length: steps }, (_, step) => step));
  const reach = biasReach(map).map((reached, point) => ({ point, reached }));
  for (const { point, reached } of reach.sort((a, b) => b.reached.length - a.reached.length)) {
    const ofPhases = new Set(reached.map((step) => step % phases.length));
    if (ofPhases.size !== 1 || !reached.every((step) => open.has(step))) continue;
    carried.set(point, phases[reached[0] % phases.length].bias);
    for (const step of reached) open.delete(step);
  }
  if (open.size === 0) return { carried };
  const left = new Float64Array(steps * to);
  for (const step of open) left.set(Array.from(phases[step % phases.length].bias), step * to);
  return { carried, left };
}

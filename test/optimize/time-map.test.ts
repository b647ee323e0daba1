import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Convolution } from "../../src/optimize/layers.js";
import { biasReach, type TimeMap, timeMap } from "../../src/optimize/time-map.js";

/** One channel, so that a tap is a number. */
function oneChannel(
  stride: number,
  steps: number,
  phases: readonly { readonly first: number; readonly taps: readonly number[] }[],
): Convolution {
  const made = phases.map(({ first, taps }) => ({
    first,
    taps: taps.map((tap) => Float32Array.of(tap)),
    bias: [0],
  }));
  return { stride, steps, from: 1, to: 1, phases: made };
}

function byDefinition({ stride, steps, phases }: Convolution, x: readonly number[]): number[] {
  return Array.from({ length: steps * phases.length }, (_, at) => {
    const { first, taps } = phases[at % phases.length];
    const i = Math.floor(at / phases.length);
    return taps.reduce((sum, [tap], k) => sum + tap * (x[i * stride + first + k] ?? 0), 0);
  });
}

function byMap({ gather, filter, spread }: TimeMap, { phases }: Convolution, x: readonly number[]): number[] {
  const taps = phases.flatMap((phase) => phase.taps.map(([tap]) => tap));
  const products = gather.map((tiles, point) => {
    const weight = filter[point].reduce((sum, factor, k) => sum + factor * taps[k], 0);
    return tiles.map((mixture) => weight * mixture.reduce((sum, factor, j) => sum + factor * x[j], 0));
  });
  return spread.map((points) =>
    points.reduce(
      (sum, tiles, point) => sum + tiles.reduce((part, f, tile) => part + f * products[point][tile], 0),
      0,
    ),
  );
}

const number = fc.double({ min: -1, max: 1, noNaN: true });
const convolutions = fc
  .record({
    length: fc.integer({ min: 1, max: 17 }),
    stride: fc.integer({ min: 1, max: 3 }),
    steps: fc.integer({ min: 1, max: 16 }),
    phases: fc.array(
      fc.record({
        first: fc.integer({ min: -6, max: 3 }),
        taps: fc.array(number, { minLength: 1, maxLength: 9 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .chain(({ length, stride, steps, phases }) =>
    fc.record({
      x: fc.array(number, { minLength: length, maxLength: length }),
      convolution: fc.constant(oneChannel(stride, steps, phases)),
    }),
  );

it("computes any convolution, of any stride, padding and number of phases", () => {
  fc.assert(
    fc.property(convolutions, ({ x, convolution }) => {
      const found = byMap(timeMap(convolution, x.length), convolution, x);
      byDefinition(convolution, x).forEach((wanted, step) => {
        expect(found[step]).toBeCloseTo(wanted, 8);
      });
    }),
  );
});

it("never takes more products than one per tap and step", () => {
  fc.assert(
    fc.property(convolutions, ({ x, convolution }) => {
      const { tiles, filter } = timeMap(convolution, x.length);
      const taps = convolution.phases.reduce((sum, phase) => sum + phase.taps.length, 0);
      expect(tiles * filter.length).toBeLessThanOrEqual(taps * convolution.steps);
    }),
  );
});

it.each([
  { what: "5 taps over 4 steps", stride: 1, length: 4, steps: 4, taps: [5], first: -2, products: 7 },
  { what: "5 taps over 16 steps", stride: 1, length: 16, steps: 16, taps: [5], first: -2, products: 32 },
  { what: "3 taps by 2 over 16 steps", stride: 2, length: 16, steps: 8, taps: [3], first: -1, products: 18 },
  { what: "4 taps, doubling 8 steps", stride: 1, length: 8, steps: 8, taps: [2, 2], first: -1, products: 20 },
])("needs $products products for $what, and carries the bias on them", (example) => {
  const { stride, length, steps, taps, first, products } = example;
  const phases = taps.map((count, phase) => ({
    first: first + phase,
    taps: new Array<number>(count).fill(1),
  }));
  const map = timeMap(oneChannel(stride, steps, phases), length);
  expect(map.tiles * map.filter.length).toBe(products);
  const reached = new Set(biasReach(map).flat());
  expect(reached.size).toBe(steps * phases.length);
});

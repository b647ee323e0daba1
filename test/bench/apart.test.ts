import { expect, test } from "vitest";
import type { PolicyTick } from "../../src/bench/policy-ticks.js";
import { apart } from "../../src/bench/samplers.js";

/** Ticks of episodes of so many steps, eight steps apart. */
async function* ticks(steps: number): AsyncGenerator<PolicyTick, never, void> {
  for (let seed = 0; ; seed++) {
    for (let step = 0; step < steps; step += 8) yield { seed, step } as PolicyTick;
  }
}

async function taken(steps: number, count: number): Promise<[number, number][]> {
  const found: [number, number][] = [];
  for await (const { seed, step } of apart(ticks(steps))) {
    found.push([seed, step]);
    if (found.length === count) break;
  }
  return found;
}

test("ticks of a long episode are 24 steps apart, and none is its first", async () => {
  expect(await taken(80, 4)).toEqual([
    [0, 24],
    [0, 48],
    [0, 72],
    [1, 24],
  ]);
});

test("ticks of short episodes are of other moments from episode to episode", async () => {
  expect(await taken(48, 5)).toEqual([
    [0, 24],
    [1, 8],
    [1, 32],
    [2, 16],
    [2, 40],
  ]);
});

import { expect, test } from "vitest";
import type { CalibrationTick } from "../../src/calibration/calibrate.js";
import { demonstratedTicks } from "../../src/calibration/demonstrated-ticks.js";
import { gaussianMixture } from "../../src/sampling/analytic.js";
import { ddpm } from "../../src/sampling/rules/ddpm.js";
import { squaredCosine } from "../../src/sampling/schedule.js";
import { sequential } from "../../src/sampling/solvers/sequential.js";
import { lastIterate } from "../../src/sampling/solvers/solver.js";
import { jointManifest } from "../policy/manifests.js";
import { distance } from "../sampling/problems.js";

const manifest = jointManifest();
const schedule = squaredCosine(20);
const rule = ddpm(schedule);
const shape = { horizon: 6, dim: 1 };
const denoiser = gaussianMixture(shape, schedule, [{ mean: new Float64Array(6), weight: 1 }], 0.2);

/** Positions that tell episode and step, targets in the middle of their range. */
const episode = (number: number, steps: number) => ({
  number,
  frames: Array.from({ length: steps }, (_, step) => Float64Array.of(number + 0.1 * step, 0.5, 1)),
});

async function take(count: number, seed = 0): Promise<(CalibrationTick & { conditionedOn: Float64Array })[]> {
  let seen = new Float64Array(0);
  const observing = {
    ...denoiser,
    observe: (observation: Float64Array) => {
      seen = observation.slice();
    },
  };
  const ticks: (CalibrationTick & { conditionedOn: Float64Array })[] = [];
  for await (const tick of demonstratedTicks(
    [episode(0, 7), episode(1, 4)],
    observing,
    rule,
    manifest,
    seed,
  )) {
    ticks.push({ ...tick, conditionedOn: seen });
    if (ticks.length === count) break;
  }
  return ticks;
}

test("a tick every executed chunk of every episode; a step later when all are through", async () => {
  const ticks = await take(8);
  const newest = ticks.map(({ observation }) => Number((4 * observation[3]).toFixed(6)));
  // Steps 0, 3 and 6 of the first episode, 0 and 3 of the second; then 1 and 4, and 1.
  expect(newest).toEqual([0, 0.3, 0.6, 1, 1.3, 0.1, 0.4, 1.1]);
  const before = ticks.map(({ observation }) => Number((4 * observation[0]).toFixed(6)));
  expect(before).toEqual([0, 0.2, 0.5, 1, 1.2, 0, 0.3, 1]);
});

test("the denoiser is conditioned on what the tick says, and its chain is solved", async () => {
  for (const { observation, conditionedOn, noise, clean } of await take(4)) {
    expect([...conditionedOn]).toEqual([...observation]);
    const exact = await lastIterate(sequential(), { rule, denoiser, noise });
    expect(distance(clean, exact.clean)).toBeLessThan(0.05);
  }
});

test("noise is another at every tick, and the same for the same seed", async () => {
  const [first, second] = await take(2);
  const [again] = await take(1);
  const [other] = await take(1, 1);
  expect(distance(first.noise.initial, again.noise.initial)).toBe(0);
  expect(distance(first.noise.initial, second.noise.initial)).toBeGreaterThan(0.1);
  expect(distance(first.noise.initial, other.noise.initial)).toBeGreaterThan(0.1);
});

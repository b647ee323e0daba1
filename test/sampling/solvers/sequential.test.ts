import { expect, test } from "vitest";
import { gaussianMixture } from "../../../src/sampling/analytic.js";
import { drawNoise, GaussianStream } from "../../../src/sampling/noise.js";
import { ddpm } from "../../../src/sampling/rules/ddpm.js";
import { squaredCosine } from "../../../src/sampling/schedule.js";
import { sequential } from "../../../src/sampling/solvers/sequential.js";
import { distance, iterates, mixtureProblem, solve } from "../problems.js";

test("samples the law that the recurrence gives in closed form", async () => {
  const [mean, deviation, count] = [0.3, 0.2, 40_000];
  const schedule = squaredCosine(20);
  const rule = ddpm(schedule);
  // One mode does not mix its entries, so one long chunk is that many independent samples.
  const denoiser = gaussianMixture(
    { horizon: count, dim: 1 },
    schedule,
    [{ mean: new Float64Array(count).fill(mean), weight: 1 }],
    deviation,
    Number.POSITIVE_INFINITY,
  );
  const noise = drawNoise(rule.steps, count, new GaussianStream(1));
  const { chunk } = await solve(sequential(), { rule, denoiser, noise });

  // x̂0 = m + g·(x - √ᾱ·m), so a step is affine in x: E and Var follow.
  let expectedMean = 0;
  let expectedVariance = 1;
  for (let i = 0; i < rule.steps; i++) {
    const signal = rule.signal[i];
    const g = (Math.sqrt(signal) * deviation ** 2) / (signal * deviation ** 2 + 1 - signal);
    const factor = rule.state[i] + rule.clean[i] * g;
    expectedMean = factor * expectedMean + rule.clean[i] * mean * (1 - g * Math.sqrt(signal));
    expectedVariance = factor ** 2 * expectedVariance + rule.noise[i] ** 2;
  }
  const sampleMean = chunk.reduce((sum, v) => sum + v, 0) / count;
  const sampleVariance = chunk.reduce((sum, v) => sum + (v - sampleMean) ** 2, 0) / count;
  // Five standard errors.
  expect(Math.abs(sampleMean - expectedMean)).toBeLessThan(5 * Math.sqrt(expectedVariance / count));
  expect(Math.abs(sampleVariance / expectedVariance - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
  expect(expectedMean).toBeCloseTo(mean, 2);
});

test("takes one step and one evaluation per sweep", async () => {
  const all = await iterates(sequential(), mixtureProblem({ levels: 12 }));
  expect(all.map(({ evaluations }) => evaluations)).toEqual(all.map((_, k) => k + 1));
  expect(all).toHaveLength(12);
});

test("has no chunk worth executing before the last step", async () => {
  const all = await iterates(sequential(), mixtureProblem({ levels: 12 }));
  expect(all.map(({ residual }) => residual)).toEqual([
    ...new Array<number>(11).fill(Number.POSITIVE_INFINITY),
    0,
  ]);
});

test("returns its last prediction as the chunk", async () => {
  const { chunk, clean } = await solve(sequential(), mixtureProblem({ modes: 3 }));
  expect(chunk).toEqual(clean.slice(-chunk.length));
});

test("does not depend on a warm start", async () => {
  const cold = mixtureProblem({ levels: 20, modes: 2 });
  const start = new Float64Array(20 * 32).fill(0.9);
  const [a, b] = [await solve(sequential(), cold), await solve(sequential(), { ...cold, start })];
  expect(distance(a.chunk, b.chunk)).toBe(0);
});

test("adds no noise on the last step", async () => {
  const problem = mixtureProblem({ levels: 10 });
  const changed = structuredClone(problem.noise);
  changed.steps.fill(1e6, 9 * 32);
  const [a, b] = [
    await solve(sequential(), problem),
    await solve(sequential(), { ...problem, noise: changed }),
  ];
  expect(a.chunk).toEqual(b.chunk);
});

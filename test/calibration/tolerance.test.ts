import { expect, test } from "vitest";
import type { CalibrationTick, Learnt } from "../../src/calibration/calibrate.js";
import { measureTolerance } from "../../src/calibration/tolerance.js";
import { guessFor } from "../../src/policy/calibration.js";
import { gaussianMixture } from "../../src/sampling/analytic.js";
import type { Denoiser } from "../../src/sampling/denoiser.js";
import { drawNoise, GaussianStream } from "../../src/sampling/noise.js";
import { ddpm } from "../../src/sampling/rules/ddpm.js";
import { squaredCosine } from "../../src/sampling/schedule.js";
import { SEMILINEAR_TOLERANCE, semilinear } from "../../src/sampling/solvers/semilinear.js";
import { sequential } from "../../src/sampling/solvers/sequential.js";
import { largestChange, lastIterate } from "../../src/sampling/solvers/solver.js";
import { quantile } from "../../src/telemetry/statistics.js";
import { gaussianResponse } from "../sampling/problems.js";

const LEVELS = 100;
const DEVIATION = 0.05;
const shape = { horizon: 4, dim: 1 };
const n = 4;
const schedule = squaredCosine(LEVELS);
const rule = ddpm(schedule);
const TICKS = 100;
const all = [0, n] as const;
const observation = Float64Array.of(0);

/** Of a policy without modes, which no other policy's response is. */
const learnt: Learnt = {
  response: gaussianResponse(LEVELS, n, DEVIATION),
  offset: new Float64Array(LEVELS * n * 2),
  slope: new Float64Array(LEVELS * n * n),
};

/** Chunks of one constant, as a gripper's: equally likely. */
const constant = (...values: number[]) =>
  gaussianMixture(
    shape,
    schedule,
    values.map((value) => ({ mean: new Float64Array(n).fill(value), weight: 1 })),
    DEVIATION,
  );

async function* ticks(denoiser: Denoiser, seed: number): AsyncGenerator<CalibrationTick, never, void> {
  for (let tick = 0; ; tick++) {
    const noise = drawNoise(LEVELS, n, new GaussianStream(seed, tick));
    const { clean } = await lastIterate(sequential(), { rule, denoiser, noise });
    yield { observation, noise, clean };
  }
}

async function toleranceOf(denoiser: Denoiser, executed: readonly [number, number] = all): Promise<number> {
  const checks = { source: ticks(denoiser, 1), ticks: TICKS, executed };
  return (await measureTolerance(denoiser, rule, learnt, checks, () => {})).tolerance;
}

/** The error that one solve in a hundred exceeds, at the ticks that the tolerance is measured at. */
async function errorAt(denoiser: Denoiser, tolerance: number): Promise<number> {
  const errors: number[] = [];
  for await (const { noise } of ticks(denoiser, 1)) {
    const problem = { rule, denoiser, noise };
    const exact = await lastIterate(sequential(), problem);
    const guess = guessFor(learnt, observation, new Float64Array(LEVELS * n));
    const solver = semilinear({ response: learnt.response, tolerance });
    const { chunk } = await lastIterate(solver, { ...problem, guess });
    errors.push(largestChange(chunk, exact.chunk, 0, n));
    if (errors.length === TICKS) return quantile(errors, 0.99);
  }
  throw new Error("the ticks have no end");
}

test("a policy without switches keeps the usual tolerance", async () => {
  expect(await toleranceOf(constant(0.1))).toBe(SEMILINEAR_TOLERANCE);
});

test("one that switches gets a smaller one, with which 99 of 100 solves are right", async () => {
  const policy = constant(-0.9, 0, 0.9);
  const checks = { source: ticks(policy, 1), ticks: TICKS, executed: all };
  const { tolerance, error_p99 } = await measureTolerance(policy, rule, learnt, checks, () => {});
  expect(tolerance).toBeLessThan(SEMILINEAR_TOLERANCE);
  expect(error_p99).toBe(await errorAt(policy, tolerance));
  expect(await errorAt(policy, SEMILINEAR_TOLERANCE)).toBeGreaterThan(0.1);
  expect(await errorAt(policy, tolerance)).toBeLessThan(0.05);
});

test("what is not executed may be off", async () => {
  const switching = (value: number) => ({ mean: Float64Array.of(0.1, value, value, value), weight: 1 });
  const policy = gaussianMixture(shape, schedule, [-0.9, 0, 0.9].map(switching), DEVIATION);
  expect(await toleranceOf(policy)).toBeLessThan(SEMILINEAR_TOLERANCE);
  expect(await toleranceOf(policy, [0, 1])).toBe(SEMILINEAR_TOLERANCE);
});

test("warm solves count as much as cold ones", async () => {
  const policy = constant(-0.9, 0, 0.9);
  const solver = semilinear({ response: learnt.response, tolerance: SEMILINEAR_TOLERANCE });
  const guess = guessFor(learnt, observation, new Float64Array(LEVELS * n));
  /** Ticks at which a cold solve is right and a warm one, from another noise's chain, is not. */
  async function* misled(isWarm: boolean): AsyncGenerator<CalibrationTick, never, void> {
    let start: Float64Array | undefined;
    for await (const tick of ticks(policy, 1)) {
      const { noise, clean } = tick;
      const problem = { rule, denoiser: policy, noise };
      const exact = clean.slice(-n);
      const errorOf = async (more: object) =>
        largestChange((await lastIterate(solver, { ...problem, ...more })).chunk, exact, 0, n);
      const isMisled = start && (await errorOf({ guess })) < 0.01 && (await errorOf({ start })) > 0.1;
      if (start && isMisled) yield isWarm ? { ...tick, start } : tick;
      start = clean.slice();
    }
    throw new Error("the ticks have no end");
  }
  const found = async (isWarm: boolean) => {
    const checks = { source: misled(isWarm), ticks: 3, executed: all };
    return (await measureTolerance(policy, rule, learnt, checks, () => {})).tolerance;
  };
  expect(await found(false)).toBe(SEMILINEAR_TOLERANCE);
  expect(await found(true)).toBeLessThan(SEMILINEAR_TOLERANCE);
});

test("a source that ends too early is told of", async () => {
  async function* few(): AsyncGenerator<CalibrationTick, void, void> {
    for await (const tick of ticks(constant(0.1), 1)) {
      yield tick;
      return;
    }
  }
  const checks = { source: few(), ticks: 2, executed: all };
  await expect(measureTolerance(constant(0.1), rule, learnt, checks, () => {})).rejects.toThrow(
    "the source ended after 1 of 2 ticks",
  );
});

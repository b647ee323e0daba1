import { expect, test } from "vitest";
import { type CalibrationTick, calibrate } from "../../src/calibration/calibrate.js";
import { smoothDirections } from "../../src/calibration/directions.js";
import { gaussianMixture } from "../../src/sampling/analytic.js";
import type { Denoiser } from "../../src/sampling/denoiser.js";
import { drawNoise, GaussianStream } from "../../src/sampling/noise.js";
import { ddpm } from "../../src/sampling/rules/ddpm.js";
import { squaredCosine } from "../../src/sampling/schedule.js";
import { semilinear } from "../../src/sampling/solvers/semilinear.js";
import { sequential } from "../../src/sampling/solvers/sequential.js";
import { lastIterate, type Problem } from "../../src/sampling/solvers/solver.js";
import { distance, gaussianResponse } from "../sampling/problems.js";

const LEVELS = 20;
const DEVIATION = 0.3;
const shape = { horizon: 3, dim: 2 };
const n = 6;
const schedule = squaredCosine(LEVELS);
const rule = ddpm(schedule);

/** A policy whose answers are a straight line in observation and state: the mean of its chunks is the observation. */
function straightPolicy() {
  const denoiser = gaussianMixture(
    shape,
    schedule,
    [{ mean: new Float64Array(n), weight: 1 }],
    DEVIATION,
    Number.POSITIVE_INFINITY,
  );
  const observed = new Float64Array(2);
  return {
    shape,
    observe: (observation: Float64Array) => observed.set(observation),
    async predict(states: Float64Array, levels: Int32Array, rows: number, out: Float64Array) {
      const moved = states.slice(0, rows * n);
      for (let row = 0; row < rows; row++) {
        const root = Math.sqrt(schedule.signal[levels[row]]);
        for (let k = 0; k < n; k++) moved[row * n + k] -= root * observed[k % 2];
      }
      await denoiser.predict(moved, levels, rows, out);
      for (let k = 0; k < rows * n; k++) out[k] += observed[k % 2];
    },
  };
}

async function* ticksOf(
  policy: ReturnType<typeof straightPolicy>,
): AsyncGenerator<CalibrationTick, void, void> {
  const random = new GaussianStream(1);
  for (;;) {
    const observation = random.fill(new Float64Array(2)).map((v) => 0.3 * v);
    policy.observe(observation);
    const noise = drawNoise(LEVELS, n, random);
    const { clean } = await lastIterate(sequential(), { rule, denoiser: policy, noise });
    yield { observation, noise, clean };
  }
}

const learn = async () => {
  const policy = straightPolicy();
  const learnt = await calibrate(policy, rule, ticksOf(policy), { ticks: 60, states: 4 }, () => {});
  return { policy, learnt };
};

test("the mean response of a linear policy is its slope, in every direction", async () => {
  const { response } = (await learn()).learnt;
  const exact = gaussianResponse(LEVELS, n, DEVIATION);
  for (let level = 0; level < LEVELS; level++) {
    for (let row = 0; row < n; row++) {
      for (let column = 0; column < n; column++) {
        let found = 0;
        for (let c = 0; c < n; c++) {
          found += response.slope[(level * n + row) * n + c] * response.basis[column * n + c];
        }
        expect(found).toBeCloseTo(exact.slope[(level * n + row) * n + column], 6);
      }
    }
  }
});

test("directions along which the response varies from state to state come first", async () => {
  const shape = { horizon: 1, dim: 3 };
  const steep = [0.9, 0.2, 0.1];
  let sign = 1;
  const policy: Denoiser = {
    shape,
    predict(states, _levels, rows, out) {
      for (let row = 0; row < rows; row++) {
        // The second value follows its state now up, now down, and not at all on average.
        for (let k = 0; k < 3; k++) out[row * 3 + k] = (k === 1 ? sign : 1) * steep[k] * states[row * 3 + k];
      }
    },
  };
  async function* alternating(): AsyncGenerator<CalibrationTick, void, void> {
    const random = new GaussianStream(2);
    for (;;) {
      sign = -sign;
      const noise = drawNoise(LEVELS, 3, random);
      const { clean } = await lastIterate(sequential(), { rule, denoiser: policy, noise });
      yield { observation: Float64Array.of(0), noise, clean };
    }
  }
  const { response } = await calibrate(policy, rule, alternating(), { ticks: 4, states: 4 }, () => {});
  const first = Array.from({ length: 3 }, (_, k) => Math.abs(response.basis[k * response.rank]));
  expect(first[1]).toBeCloseTo(1, 6);
  expect(response.slope[1 * response.rank]).toBeCloseTo(0, 6);
});

test("a large chunk keeps the 64 directions along which it responds", async () => {
  const wide = { horizon: 10, dim: 10 };
  const policy: Denoiser = {
    shape: wide,
    predict(states, _levels, rows, out) {
      // Only the first sixty values follow their states.
      for (let entry = 0; entry < rows * 100; entry++)
        out[entry] = entry % 100 < 60 ? 0.5 * states[entry] : 0;
    },
  };
  async function* ticks(): AsyncGenerator<CalibrationTick, void, void> {
    const random = new GaussianStream(3);
    for (;;) {
      const noise = drawNoise(LEVELS, 100, random);
      const { clean } = await lastIterate(sequential(), { rule, denoiser: policy, noise });
      yield { observation: Float64Array.of(0), noise, clean };
    }
  }
  const { response } = await calibrate(policy, rule, ticks(), { ticks: 2, states: 2 }, () => {});
  expect(response.rank).toBe(64);
  for (const [row, expected] of [
    [0, 0.5],
    [59, 0.5],
    [60, 0],
    [99, 0],
  ]) {
    let found = 0;
    for (let c = 0; c < 64; c++) found += response.slope[row * 64 + c] * response.basis[row * 64 + c];
    expect(found).toBeCloseTo(expected, 6);
  }
});

test("one sweep solves a linear policy from its guess, for an observation and noise that it has not seen", async () => {
  const { policy, learnt } = await learn();
  const observation = Float64Array.of(0.2, -0.4);
  policy.observe(observation);
  const offset = new Float64Array(LEVELS * n);
  for (let row = 0; row < offset.length; row++) {
    const [constant, a, b] = learnt.offset.subarray(row * 3, row * 3 + 3);
    offset[row] = constant + a * observation[0] + b * observation[1];
  }
  const guess = { offset, slope: learnt.slope };
  const noise = drawNoise(LEVELS, n, new GaussianStream(9));
  const problem: Problem = { rule, denoiser: policy, noise, guess };
  const exact = await lastIterate(sequential(), problem);
  const solver = semilinear({ response: learnt.response, tolerance: 0.1 });
  for await (const { chunk, sweeps } of solver(problem)) {
    if (sweeps === 1) expect(distance(chunk, exact.chunk)).toBeLessThan(1e-3);
  }
});

test("a source that ends early is said so", async () => {
  const policy = straightPolicy();
  async function* three() {
    let count = 0;
    for await (const tick of ticksOf(policy)) {
      yield tick;
      if (++count === 3) return;
    }
  }
  await expect(calibrate(policy, rule, three(), { ticks: 5, states: 1 }, () => {})).rejects.toThrow("3 of 5");
});

test.each([
  [{ horizon: 16, dim: 2 }, 32],
  [{ horizon: 16, dim: 10 }, 160],
  [{ horizon: 32, dim: 10 }, 256],
  [{ horizon: 1, dim: 1 }, 1],
])("directions of %j are %i orthonormal ones, smooth first", (of, rank) => {
  const basis = smoothDirections(of);
  const size = of.horizon * of.dim;
  expect(basis).toHaveLength(size * rank);
  for (let a = 0; a < rank; a++) {
    for (let b = 0; b <= a; b++) {
      let product = 0;
      for (let k = 0; k < size; k++) product += basis[k * rank + a] * basis[k * rank + b];
      expect(product).toBeCloseTo(Number(a === b), 9);
    }
  }
  const first = Array.from({ length: of.horizon }, (_, h) => basis[h * of.dim * rank]);
  expect(Math.max(...first) - Math.min(...first)).toBeCloseTo(0, 12);
});

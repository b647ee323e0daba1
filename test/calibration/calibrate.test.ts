import { expect, test } from "vitest";
import { type CalibrationTick, calibrate } from "../../src/calibration/calibrate.js";
import { smoothDirections } from "../../src/calibration/directions.js";
import { gaussianMixture } from "../../src/sampling/analytic.js";
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
  [{ horizon: 16, dim: 10 }, 64],
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

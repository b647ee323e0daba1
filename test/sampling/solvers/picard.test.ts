import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { levelGrid } from "../../../src/sampling/grid.js";
import { ddim } from "../../../src/sampling/rules/ddim.js";
import { dpmSolver } from "../../../src/sampling/rules/dpm-solver.js";
import { picard } from "../../../src/sampling/solvers/picard.js";
import { sequential } from "../../../src/sampling/solvers/sequential.js";
import type { Problem } from "../../../src/sampling/solvers/solver.js";
import {
  anyProblem,
  anyRule,
  counting,
  distance,
  iterates,
  mixtureProblem,
  type RuleChoice,
  solve,
} from "../problems.js";

describe("as published, on the 100-step schedule", () => {
  const seeds = Array.from({ length: 20 }, (_, seed) => seed);
  const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

  test("window 20 and tolerance 0.1 need about 25 sweeps and 400 evaluations", async () => {
    const ends = [];
    for (const seed of seeds) ends.push(await solve(picard(), mixtureProblem({ seed })));
    // Published: 25 sweeps, 390 evaluations. Seen here: 25 and 410.
    for (const { sweeps, evaluations } of ends) {
      expect(sweeps).toBeGreaterThanOrEqual(20);
      expect(sweeps).toBeLessThanOrEqual(32);
      expect(evaluations).toBeGreaterThanOrEqual(330);
      expect(evaluations).toBeLessThanOrEqual(480);
    }
    expect(mean(ends.map(({ sweeps }) => sweeps))).toBeCloseTo(25, 0);
  });

  test("a window over all steps does not help, at three times the evaluations", async () => {
    const { sweeps, evaluations } = await solve(picard({ window: 100 }), mixtureProblem());
    expect(sweeps).toBeGreaterThanOrEqual(22);
    expect(evaluations).toBeGreaterThan(1000);
  });

  test("its tolerance keeps the chunk close to the sequential sample", async () => {
    for (const seed of seeds) {
      const problem = mixtureProblem({ seed, deviation: 0.15 });
      const reference = await solve(sequential(), problem);
      expect(distance((await solve(picard(), problem)).chunk, reference.chunk)).toBeLessThan(0.01);
    }
  });
});

describe("as published, on 15 steps", () => {
  const grid = levelGrid(100, { steps: 15, spacing: "trailing" });
  const rules: [string, RuleChoice][] = [
    ["ParaDDIM", (schedule) => ddim(schedule, { grid })],
    ["ParaDPMSolver", (schedule) => dpmSolver(schedule, { grid })],
  ];

  test.each(rules)("%s at tolerance 0.01 keeps to the mode of the sequential sample", async (_name, rule) => {
    for (let seed = 0; seed < 40; seed++) {
      const problem = mixtureProblem({ seed, modes: 3, deviation: 0.15, rule });
      const { chunk } = await solve(picard({ tolerance: 0.01 }), problem);
      expect(distance(chunk, (await solve(sequential(), problem)).chunk)).toBeLessThan(0.05);
    }
  });

  test.each(rules)(
    "%s needs 7 sweeps, 47 evaluations, and stays close to the sequential sample",
    async (_name, rule) => {
      let [sweeps, evaluations] = [0, 0];
      for (let seed = 0; seed < 20; seed++) {
        const problem = mixtureProblem({ seed, rule });
        const end = await solve(picard(), problem);
        sweeps += end.sweeps / 20;
        evaluations += end.evaluations / 20;
        expect(distance(end.chunk, (await solve(sequential(), problem)).chunk)).toBeLessThan(0.01);
      }
      // Published: 7 sweeps and 46 or 47 evaluations for DDIM, 6 and 40 or 41 for DPM-Solver.
      expect(sweeps).toBeCloseTo(6.7, 0);
      expect(evaluations).toBeGreaterThan(40);
      expect(evaluations).toBeLessThan(55);
    },
  );
});

test("step k is exact after k sweeps at tolerance 0, whatever the rule and the window", async () => {
  const windows = fc.integer({ min: 1, max: 50 });
  await fc.assert(
    fc.asyncProperty(anyRule, anyProblem, windows, async (rule, options, window) => {
      const problem = mixtureProblem({ ...options, rule });
      const size = problem.noise.initial.length;
      const reference = await solve(sequential(), problem);
      const all = await iterates(picard({ window, tolerance: 0 }), problem);
      for (const { clean, sweeps } of all) {
        const exact = sweeps * size;
        expect(distance(clean.slice(0, exact), reference.clean.slice(0, exact))).toBeLessThan(1e-8);
      }
      expect(distance(all[all.length - 1].chunk, reference.chunk)).toBeLessThan(1e-8);
    }),
    { numRuns: 200 },
  );
});

/** Sizes of the batches of one solve, which tell how the window moved. */
async function batches(problem: Problem, window: number, tolerance: number): Promise<number[]> {
  const denoiser = counting(problem.denoiser);
  await solve(picard({ window, tolerance }), { ...problem, denoiser });
  return denoiser.batches;
}

/** The batches of the published algorithm, from its definition and with none of the solver's code. */
async function publishedBatches(problem: Problem, window: number, tolerance: number): Promise<number[]> {
  const { rule, denoiser, noise } = problem;
  const size = noise.initial.length;
  const chain = Array.from({ length: rule.steps + 1 }, () => noise.initial.slice());
  const predictions = Array.from({ length: rule.steps }, () => new Float64Array(size));
  const sizes: number[] = [];
  let [begin, end] = [0, Math.min(window, rule.steps)];
  while (begin < rule.steps) {
    sizes.push(end - begin);
    const increments: Float64Array[] = [];
    for (let l = begin; l < end; l++) {
      await denoiser.predict(chain[l], rule.level.subarray(l, l + 1), 1, predictions[l]);
      increments.push(
        predictions[l].map(
          (c, k) =>
            rule.state[l] * chain[l][k] +
            rule.clean[l] * c +
            (l > 0 ? rule.previous[l] * predictions[l - 1][k] : 0) -
            chain[l][k] +
            rule.noise[l] * noise.steps[l * size + k],
        ),
      );
    }
    const errors: number[] = [];
    let next = chain[begin];
    for (let j = begin; j < end; j++) {
      next = next.map((v, k) => v + increments[j - begin][k]);
      const change = next.reduce((sum, v, k) => sum + (v - chain[j + 1][k]) ** 2, 0) / size;
      const variance = j + 1 < rule.steps ? Math.max(rule.deviation[j + 1] ** 2, 1e-20) : 0;
      errors.push(variance > 0 ? change / variance : Number.POSITIVE_INFINITY);
      chain[j + 1] = next;
    }
    const failing = errors.findIndex((error) => error > tolerance ** 2);
    const stride = failing < 0 ? end - begin : Math.min(failing + 1, end - begin);
    const newEnd = Math.min(begin + stride + window, rule.steps);
    for (let i = end + 1; i <= newEnd; i++) chain[i] = chain[end].slice();
    [begin, end] = [begin + stride, newEnd];
  }
  return sizes;
}

describe("the window", () => {
  test("moves past the settled steps and one more, as the published algorithm does", async () => {
    const windows = fc.integer({ min: 1, max: 50 });
    const tolerances = fc.constantFrom(0, 0.1, 0.5);
    await fc.assert(
      fc.asyncProperty(anyProblem, anyRule, windows, tolerances, async (...args) => {
        const [options, rule, window, tolerance] = args;
        const problem = mixtureProblem({ ...options, rule, start: "cold" });
        expect(await batches(problem, window, tolerance)).toEqual(
          await publishedBatches(problem, window, tolerance),
        );
      }),
    );
  });

  test("of 1 costs what sequential sampling costs", async () => {
    expect(await batches(mixtureProblem({ levels: 30 }), 1, 0.1)).toEqual(new Array(30).fill(1));
  });

  test("may be longer than the chain", async () => {
    const problem = mixtureProblem({ levels: 15, seed: 3 });
    expect(await batches(problem, 1000, 0.1)).toEqual(await batches(problem, 15, 0.1));
  });

  test("never passes the last two states by tolerance, however large", async () => {
    const sizes = await batches(mixtureProblem({ levels: 20 }), 20, 1e6);
    // Steps 0 to 18 settle at once; x[19] and x[20] are scaled by 1e-20 and 0, so each waits until it is exact.
    expect(sizes).toEqual([20, 1]);
  });
});

describe("the residual", () => {
  test("is infinite until the window has passed the end of the chain", async () => {
    const problem = mixtureProblem();
    const residuals = (await iterates(picard(), problem)).map(({ residual }) => residual);
    expect(residuals.at(-1)).toBe(0);
    expect(new Set(residuals.slice(0, -1))).toEqual(new Set([Number.POSITIVE_INFINITY]));
  });
});

test("a start that is the answer is accepted as soon as the window has passed over it", async () => {
  const problem = mixtureProblem({ levels: 40, modes: 2 });
  const { clean } = await solve(sequential(), problem);
  const { sweeps } = await solve(picard({ window: 20 }), { ...problem, start: clean });
  // Two windows of 20, then the last states one at a time.
  expect(sweeps).toBeLessThanOrEqual(4);
});

test.each([0, -1, 1.5, Number.NaN])("refuses a window of %s", (window) => {
  expect(() => picard({ window })).toThrow(`not ${window}`);
});

test.each([-0.1, Number.NaN])("refuses a tolerance of %s", (tolerance) => {
  expect(() => picard({ tolerance })).toThrow(`not ${tolerance}`);
});

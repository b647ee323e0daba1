import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Slope, semilinear } from "../../../src/sampling/solvers/semilinear.js";
import { sequential } from "../../../src/sampling/solvers/sequential.js";
import { anyProblem, counting, distance, iterates, mixtureProblem, solve } from "../problems.js";

const SLOPES: readonly Slope[] = ["x0", "gaussian", "secant"];

describe("exactness", () => {
  test("one more step is exact after every sweep, whatever the slope", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...SLOPES), anyProblem, async (slope, options) => {
        const problem = mixtureProblem(options);
        const size = problem.noise.initial.length;
        const reference = await solve(sequential(), problem);
        for (const { clean, sweeps } of await iterates(semilinear({ slope, tolerance: 0 }), problem)) {
          const exact = sweeps * size;
          expect(distance(clean.slice(0, exact), reference.clean.slice(0, exact))).toBeLessThan(1e-8);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("exact steps leave the batch", async () => {
    const problem = mixtureProblem({ levels: 12, modes: 3, deviation: 0.3 });
    const denoiser = counting(problem.denoiser);
    await solve(semilinear({ slope: "x0", tolerance: 0 }), { ...problem, denoiser });
    expect(denoiser.batches).toEqual(denoiser.batches.map((_, k) => 12 - k));
    expect(denoiser.batches.length).toBeGreaterThan(6);
  });
});

describe("one sweep solves", () => {
  test("a Gaussian, by the slope of its own spread; the second sweep confirms it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0.01, max: 0.12, noNaN: true }), fc.nat(), async (spread, seed) => {
        const problem = mixtureProblem({ deviation: spread, seed, levels: 100 });
        // A prediction that meets the clip is no longer linear in its state.
        const reference = await solve(sequential(), problem);
        fc.pre(reference.clean.every((v) => Math.abs(v) < 1));
        const all = await iterates(semilinear({ slope: "gaussian", spread, tolerance: 1e-9 }), problem);
        expect(all).toHaveLength(2);
        expect(distance(all[0].chunk, reference.chunk)).toBeLessThan(1e-9);
      }),
      { numRuns: 20 },
    );
  });

  test("a constant prediction, by the x0 slope", async () => {
    const problem = mixtureProblem({ deviation: 1e-9 });
    const all = await iterates(semilinear({ slope: "x0", tolerance: 1e-6 }), problem);
    expect(all).toHaveLength(2);
  });
});

describe("at the default tolerance", () => {
  const cases = [1, 3, 5].flatMap((modes) => [0.05, 0.15, 0.3].map((deviation) => ({ modes, deviation })));

  // Over seeds 0 to 149: 1 of 1350 secant solves ended more than 0.05 off (0.073, three modes of 0.15), p99 ≤ 0.012.
  test.each(cases)("$modes modes of $deviation end within 0.05 of the sequential sample", async (options) => {
    for (let seed = 0; seed < 40; seed++) {
      const problem = mixtureProblem({ ...options, seed });
      const reference = await solve(sequential(), problem);
      const { chunk } = await solve(semilinear(), problem);
      expect(distance(chunk, reference.chunk)).toBeLessThanOrEqual(0.05);
    }
  });

  test("three modes need half of Picard's 25 sweeps on average, and the secant the fewest", async () => {
    const average = async (slope: Slope) => {
      let sweeps = 0;
      for (let seed = 0; seed < 40; seed++) {
        sweeps += (await solve(semilinear({ slope }), mixtureProblem({ modes: 3, deviation: 0.15, seed })))
          .sweeps;
      }
      return sweeps / 40;
    };
    const [x0, gaussian, secant] = [await average("x0"), await average("gaussian"), await average("secant")];
    expect(x0).toBeLessThan(14);
    expect(gaussian).toBeLessThan(x0);
    expect(secant).toBeLessThan(gaussian);
  });

  test("a solve that starts from the answer is accepted after one sweep", async () => {
    const problem = mixtureProblem({ modes: 3 });
    const { clean } = await solve(sequential(), problem);
    const end = await solve(semilinear(), { ...problem, start: clean });
    expect(end.sweeps).toBe(1);
    expect(end.residual).toBeLessThan(1e-9);
  });
});

test("the residual of the first sweep is how far the start was off", async () => {
  const problem = mixtureProblem({ modes: 3 });
  const { clean } = await solve(sequential(), problem);
  const start = clean.slice();
  start[start.length - 1] += 0.3; // the last step changes no other state
  const [first] = await iterates(semilinear(), { ...problem, start });
  expect(first.residual).toBeCloseTo(0.3, 9);
});

test.each([-0.1, Number.NaN])("refuses a tolerance of %s", (tolerance) => {
  expect(() => semilinear({ tolerance })).toThrow(`not ${tolerance}`);
});

test.each([0, -1, Number.NaN])("refuses a spread of %s", (spread) => {
  expect(() => semilinear({ spread })).toThrow(`not ${spread}`);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type SemilinearOptions,
  type SlopeName,
  semilinear,
} from "../../../src/sampling/solvers/semilinear.js";
import { sequential } from "../../../src/sampling/solvers/sequential.js";
import {
  anyProblem,
  counting,
  distance,
  gaussianResponse,
  iterates,
  mixtureProblem,
  solve,
} from "../problems.js";

const SLOPES: readonly SlopeName[] = ["x0", "gaussian", "secant"];

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

describe("knowing the slope", () => {
  /** Gaussian data without a clip: the prediction is linear in the state, by one number per level. */
  const linear = fc
    .record({ deviation: fc.double({ min: 0.02, max: 0.5, noNaN: true }), seed: fc.nat() })
    .map((options) => ({
      ...options,
      problem: mixtureProblem({ ...options, clip: Number.POSITIVE_INFINITY }),
    }));

  test("one sweep solves a Gaussian of the stated spread; the second confirms it", async () => {
    await fc.assert(
      fc.asyncProperty(linear, async ({ deviation, problem }) => {
        const solver = semilinear({ slope: "gaussian", spread: deviation, tolerance: 1e-9 });
        const all = await iterates(solver, problem);
        expect(all).toHaveLength(2);
        expect(distance(all[0].chunk, (await solve(sequential(), problem)).chunk)).toBeLessThan(1e-9);
      }),
      { numRuns: 30 },
    );
  });

  test("the secant learns it from two sweeps; the third confirms it", async () => {
    await fc.assert(
      fc.asyncProperty(linear, async ({ problem }) => {
        const all = await iterates(semilinear({ slope: "secant", tolerance: 1e-6 }), problem);
        expect(all.length).toBeLessThanOrEqual(3);
      }),
      { numRuns: 30 },
    );
  });

  test("one sweep solves a constant prediction by the x0 slope", async () => {
    const problem = mixtureProblem({ deviation: 1e-9 });
    const all = await iterates(semilinear({ slope: "x0", tolerance: 1e-6 }), problem);
    expect(all).toHaveLength(2);
  });
});

describe("the calibrated slope", () => {
  const shape = { horizon: 3, dim: 2 };
  const linear = (deviation: number) =>
    mixtureProblem({ deviation, shape, clip: Number.POSITIVE_INFINITY, start: "random" });

  test("solves a Gaussian in one sweep when the response is right", async () => {
    const problem = linear(0.3);
    const response = gaussianResponse(100, 6, 0.3);
    const [first] = await iterates(semilinear({ response, probes: 0, tolerance: 0 }), problem);
    expect(distance(first.chunk, (await solve(sequential(), problem)).chunk)).toBeLessThan(1e-9);
  });

  test("finds by probing what the response got wrong: each sweep leaves a small share of the error", async () => {
    const problem = linear(0.3);
    const wrong = gaussianResponse(100, 6, 0.1);
    const reference = await solve(sequential(), problem);
    const errorAfter = async (probes: number) => {
      const all = await iterates(semilinear({ response: wrong, probes, tolerance: 1e-12 }), problem);
      return distance(all[2].chunk, reference.chunk);
    };
    expect(await errorAfter(6)).toBeLessThan((await errorAfter(0)) / 5);
  });

  test("asks a coarse set of steps first, then those that move, and probes at four levels", async () => {
    const problem = mixtureProblem({ modes: 3, shape, start: "random" });
    const denoiser = counting(problem.denoiser);
    const response = gaussianResponse(100, 6, 0.05);
    await solve(semilinear({ response, probes: 3 }), { ...problem, denoiser });
    expect(denoiser.batches[0]).toBe(35 + 4 * 3);
    for (const [k, rows] of denoiser.batches.entries()) expect(rows).toBeLessThanOrEqual(100 - k + 4 * 3);
  });

  test("a cold start's first sweep is never accepted nor worth executing", async () => {
    const problem = mixtureProblem({ shape });
    const response = gaussianResponse(100, 6, 0.05);
    const guess = { offset: new Float64Array(600), slope: new Float64Array(3600) };
    const [first] = await iterates(semilinear({ response, tolerance: 1e6 }), { ...problem, guess });
    expect(first.residual).toBe(Number.POSITIVE_INFINITY);
    expect(first.accepted).toBe(false);
  });

  test("takes the tolerance that was measured with the response, unless another is asked for", async () => {
    const problem = mixtureProblem({ modes: 3, shape, start: "random" });
    const response = { ...gaussianResponse(100, 6, 0.05), tolerance: 1e-4 };
    const ended = async (options: SemilinearOptions) => {
      const all = await iterates(semilinear(options), problem);
      return all[all.length - 1];
    };
    const { residual, sweeps } = await ended({ response });
    expect(residual).toBeLessThanOrEqual(1e-4);
    expect(sweeps).toBe((await ended({ response, tolerance: 1e-4 })).sweeps);
    expect((await ended({ response, tolerance: 0.1 })).sweeps).toBeLessThan(sweeps);
    expect((await ended({ response, slope: "secant" })).residual).toBeGreaterThan(1e-4);
  });

  test("the mean without probes is a linear slope and says no better of itself", async () => {
    const problem = mixtureProblem({ modes: 3, shape, start: "random" });
    const response = gaussianResponse(100, 6, 0.05);
    const mean = await iterates(semilinear({ response, probes: 0, tolerance: 0 }), problem);
    const gaussian = await iterates(semilinear({ slope: "gaussian", spread: 0.05, tolerance: 0 }), problem);
    for (const [k, { residual }] of mean.entries()) expect(residual).toBeCloseTo(gaussian[k].residual, 9);
  });

  test("needs a response", () => {
    expect(() => semilinear({ slope: "calibrated" })).toThrow("response");
  });
});

describe("at the default tolerance", () => {
  const cases = [1, 3, 5].flatMap((modes) => [0.05, 0.15, 0.3].map((deviation) => ({ modes, deviation })));

  // A sharp turn between modes can hide from any test that sees only past sweeps: of 900 solves (seeds 0 to 99), one
  // was accepted 0.26 off and all others within 0.05.
  test("at most one of 360 solves is accepted more than 0.05 from the sequential sample", async () => {
    let astray = 0;
    for (const options of cases) {
      for (let seed = 0; seed < 40; seed++) {
        const problem = mixtureProblem({ ...options, seed });
        const reference = await solve(sequential(), problem);
        const { chunk } = await solve(semilinear(), problem);
        if (!(distance(chunk, reference.chunk) <= 0.05)) astray += 1;
      }
    }
    expect(astray).toBeLessThanOrEqual(1);
  });

  test("three modes need half of Picard's 25 sweeps on average, and the secant the fewest", async () => {
    const average = async (slope: SlopeName) => {
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

test("the residual of the first sweep is half of what the start was off", async () => {
  const problem = mixtureProblem({ modes: 3 });
  const { clean } = await solve(sequential(), problem);
  const start = clean.slice();
  start[start.length - 1] += 0.3; // the last step changes no other state
  const [first] = await iterates(semilinear(), { ...problem, start });
  expect(first.residual).toBeCloseTo(0.15, 9);
});

test.each([-0.1, Number.NaN])("refuses a tolerance of %s", (tolerance) => {
  expect(() => semilinear({ tolerance })).toThrow(`not ${tolerance}`);
});

test.each([0, -1, Number.NaN])("refuses a spread of %s", (spread) => {
  expect(() => semilinear({ spread })).toThrow(`not ${spread}`);
});

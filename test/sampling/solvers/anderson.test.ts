import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Rule } from "../../../src/sampling/rules/rule.js";
import { TriangularAcceleration } from "../../../src/sampling/solvers/acceleration.js";
import { type AndersonOptions, anderson } from "../../../src/sampling/solvers/anderson.js";
import { semilinear } from "../../../src/sampling/solvers/semilinear.js";
import { sequential } from "../../../src/sampling/solvers/sequential.js";
import type { Problem } from "../../../src/sampling/solvers/solver.js";
import { rebuildStates } from "../../../src/sampling/solvers/states.js";
import { anyProblem, counting, distance, failing, iterates, mixtureProblem, solve } from "../problems.js";
import { anyRule, multistep } from "./rules.js";

const anyOptions = fc.record(
  {
    memory: fc.integer({ min: 1, max: 5 }),
    order: fc.integer({ min: 1, max: 50 }),
    window: fc.integer({ min: 1, max: 50 }),
    regularization: fc.constantFrom(0, 1e-6, 1e-3, 0.1),
  },
  { requiredKeys: ["memory"] },
);

const changed = (problem: Problem, change: (rule: Rule) => Rule): Problem => ({
  ...problem,
  rule: change(problem.rule),
});

describe("at tolerance 0", () => {
  test("ends with the sequential sample and all its predictions, for any rule", async () => {
    await fc.assert(
      fc.asyncProperty(anyOptions, anyProblem, anyRule, async (options, problemOptions, change) => {
        const problem = changed(mixtureProblem(problemOptions), change);
        const reference = await solve(sequential(), problem);
        const { chunk, clean } = await solve(anderson({ ...options, tolerance: 0 }), problem);
        expect(distance(chunk, reference.chunk)).toBeLessThan(1e-8);
        expect(distance(clean, reference.clean)).toBeLessThan(1e-8);
      }),
      { numRuns: 300 },
    );
  });

  test("one more step is exact after every sweep, whatever the acceleration does to the later ones", async () => {
    await fc.assert(
      fc.asyncProperty(anyOptions, anyProblem, anyRule, async (options, problemOptions, change) => {
        const problem = changed(mixtureProblem(problemOptions), change);
        const size = problem.noise.initial.length;
        const reference = await solve(sequential(), problem);
        for (const { clean, sweeps } of await iterates(anderson({ ...options, tolerance: 0 }), problem)) {
          const exact = sweeps * size;
          expect(distance(clean.slice(0, exact), reference.clean.slice(0, exact))).toBeLessThan(1e-8);
        }
      }),
      { numRuns: 50 },
    );
  });
});

test("ends within as many sweeps as there are steps, accepted on the last only, at any tolerance", async () => {
  const tolerances = fc.record({
    tolerance: fc.double({ min: 0, max: 0.1, noNaN: true }),
    noiseTolerance: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(
      anyOptions,
      tolerances,
      anyProblem,
      anyRule,
      async (options, within, problemOptions, change) => {
        const problem = changed(mixtureProblem(problemOptions), change);
        const all = await iterates(anderson({ ...options, ...within }), problem);
        expect(all.length).toBeLessThanOrEqual(problemOptions.levels);
        expect(all.map(({ accepted }) => accepted)).toEqual(all.map((_, k) => k === all.length - 1));
        for (const { residual } of all) expect(residual).toBeGreaterThanOrEqual(0);
      },
    ),
  );
});

describe("without acceleration", () => {
  const plain = { memory: 1, tolerance: 0 } as const;

  test("order = steps is the semi-linear scan", async () => {
    const problem = mixtureProblem({ levels: 30, modes: 3, deviation: 0.2 });
    const scans = await iterates(semilinear({ slope: "x0", tolerance: 0 }), problem);
    const all = await iterates(anderson(plain), problem);
    for (let k = 0; k < 8; k++) expect(distance(all[k].chunk, scans[k].chunk)).toBeLessThan(1e-12);
  });

  test.each([1, 2, 7, 29])(
    "order %i rebuilds every point from the one so many steps before",
    async (order) => {
      const problem = changed(mixtureProblem({ levels: 30, modes: 3, deviation: 0.2 }), multistep(0.2));
      const { rule, denoiser, noise } = problem;
      const size = noise.initial.length;
      const guess = (i: number, points: Float64Array[], clean: Float64Array[]) =>
        points[i].map(
          (x, d) =>
            rule.state[i] * x +
            rule.clean[i] * clean[i][d] +
            (i > 0 ? rule.previous[i] * clean[i - 1][d] : 0) +
            rule.noise[i] * noise.steps[i * size + d],
        );
      const nothing = Array.from({ length: rule.steps }, () => new Float64Array(size));
      let points = [noise.initial];
      for (let i = 0; i < rule.steps; i++) points.push(guess(i, points, nothing));
      const chunks: Float64Array[] = [];
      for (let sweep = 0; sweep < 6; sweep++) {
        const clean = nothing.map(() => new Float64Array(size));
        for (let i = 0; i < rule.steps; i++) {
          await denoiser.predict(points[i], rule.level.subarray(i, i + 1), 1, clean[i]);
        }
        points = points.map((point, j) => {
          if (j === 0) return point;
          const run = points.slice(0, Math.max(0, j - order) + 1);
          for (let i = run.length - 1; i < j; i++) run.push(guess(i, run, clean));
          return run[j];
        });
        chunks.push(points[rule.steps]);
      }
      const all = await iterates(anderson({ ...plain, order }), problem);
      for (const [k, chunk] of chunks.entries()) expect(distance(all[k].chunk, chunk)).toBeLessThan(1e-10);
    },
  );
});

describe("the acceleration", () => {
  /** Solves a dense system by Gaussian elimination. */
  function solveDense(matrix: number[][], right: number[]): number[] {
    const rows = matrix.map((row, i) => [...row, right[i]]);
    for (let p = 0; p < rows.length; p++) {
      for (let i = p + 1; i < rows.length; i++) {
        const factor = rows[i][p] / rows[p][p];
        rows[i] = rows[i].map((value, k) => value - factor * rows[p][k]);
      }
    }
    const x = new Array<number>(rows.length).fill(0);
    for (let p = rows.length - 1; p >= 0; p--) {
      x[p] =
        rows[p].slice(p + 1, -1).reduce((rest, v, k) => rest - v * x[p + 1 + k], rows[p].at(-1) ?? 0) /
        rows[p][p];
    }
    return x;
  }

  test("is the regularised least-squares fit of each point and those before it", () => {
    const numbers = fc.double({ min: -1, max: 1, noNaN: true });
    const [points, size, first] = [5, 3, 1];
    const sweep = fc.record({
      states: fc.array(numbers, { minLength: points * size, maxLength: points * size }),
      residuals: fc.array(numbers, { minLength: points * size, maxLength: points * size }),
    });
    fc.assert(
      fc.property(fc.array(sweep, { minLength: 3, maxLength: 5 }), (sweeps) => {
        const columns = sweeps.length - 1;
        const regularization = 0.01;
        const acceleration = new TriangularAcceleration(points, size, columns, regularization);
        for (const { states, residuals } of sweeps) {
          acceleration.remember(Float64Array.from(states), Float64Array.from(residuals), first, points - 1);
        }
        const last = sweeps.length - 1;
        const difference = (q: number, of: "states" | "residuals", k: number) =>
          sweeps[q + 1][of][k] - sweeps[q][of][k];
        for (let j = first; j < points; j++) {
          acceleration.add(j);
          const update = new Float64Array(points * size);
          acceleration.correct(j, update);
          const upstream = Array.from({ length: (j - first + 1) * size }, (_, k) => first * size + k);
          const sum = (f: (k: number) => number) => upstream.reduce((total, k) => total + f(k), 0);
          const ids = Array.from({ length: columns }, (_, q) => q);
          const gram = ids.map((p) =>
            ids.map((q) => sum((k) => difference(p, "residuals", k) * difference(q, "residuals", k))),
          );
          const ridge = (regularization * gram.reduce((total, row, p) => total + row[p], 0)) / columns;
          if (!(ridge > 1e-6)) return;
          const gamma = solveDense(
            gram.map((row, p) => row.map((value, q) => value + (p === q ? ridge : 0))),
            ids.map((q) => sum((k) => difference(q, "residuals", k) * sweeps[last].residuals[k])),
          );
          for (let k = j * size; k < (j + 1) * size; k++) {
            const correction = ids.reduce(
              (total, q) => total - gamma[q] * (difference(q, "states", k) + difference(q, "residuals", k)),
              0,
            );
            expect(update[k]).toBeCloseTo(correction, 8);
          }
        }
      }),
    );
  });

  test("leaves the plain update where nothing changed, and where the fit has no finite answer", () => {
    const acceleration = new TriangularAcceleration(3, 1, 2, 1e-3);
    for (const residual of [1, 1, 1e200, Number.NaN]) {
      acceleration.remember(new Float64Array(3), new Float64Array(3).fill(residual), 1, 2);
      const update = Float64Array.of(5, 6, 7);
      for (const point of [1, 2]) {
        acceleration.add(point);
        acceleration.correct(point, update);
      }
      expect(update).toEqual(Float64Array.of(5, 6, 7));
    }
  });

  test("needs no more than a few sweeps where the prediction is linear in the state", async () => {
    const sweeps = async (memory: number) => {
      const problem = mixtureProblem({ deviation: 0.4, clip: Number.POSITIVE_INFINITY });
      return (await solve(anderson({ memory, tolerance: 1e-4 }), problem)).sweeps;
    };
    expect(await sweeps(3)).toBeLessThan(await sweeps(1));
  });
});

describe("the stopping rule", () => {
  test.each([0.005, 0.02, 0.05, 0.1, 0.2])(
    "settles a point within %s deviations or the tolerance",
    async (...args) => {
      const [noiseTolerance, tolerance] = [args[0], 0.002];
      for (let seed = 0; seed < 10; seed++) {
        const problem = mixtureProblem({ levels: 30, modes: 3, deviation: 0.2, seed });
        const { rule, noise } = problem;
        const size = noise.initial.length;
        const denoiser = counting(problem.denoiser);
        await solve(anderson({ memory: 1, tolerance, noiseTolerance }), { ...problem, denoiser });
        // The first sweep leads from the states rebuilt without the network to those rebuilt with what it says there.
        const before = new Float64Array((rule.steps + 1) * size);
        const after = before.slice();
        rebuildStates(rule, noise, new Float64Array(rule.steps * size), size, before);
        const [{ clean }] = await iterates(anderson({ memory: 1 }), problem);
        rebuildStates(rule, noise, clean, size, after);
        const open = Array.from(rule.deviation).findIndex((deviation, i) => {
          const to = (i + 2) * size;
          const change = after.subarray(to - size, to).map((x, d) => x - before[to - size + d]);
          const rms = Math.sqrt(change.reduce((sum, x) => sum + x ** 2, 0) / size);
          return rms > tolerance && rms > noiseTolerance * deviation;
        });
        expect(denoiser.batches[1]).toBe(30 - Math.max(1, open));
      }
    },
  );

  test("keeps the accepted chunk of 100 steps within 0.05 of the sequential sample", async () => {
    for (let seed = 0; seed < 60; seed++) {
      const problem = mixtureProblem({ modes: 1 + (seed % 5), deviation: 0.15, seed });
      const reference = await solve(sequential(), problem);
      expect(distance((await solve(anderson(), problem)).chunk, reference.chunk)).toBeLessThan(0.05);
    }
  });

  test("accepts a start that is the answer as soon as the window has passed over it", async () => {
    const problem = mixtureProblem({ modes: 3 });
    const { clean } = await solve(sequential(), problem);
    for (const [window, sweeps] of [
      [100, 1],
      [50, 2],
      [20, 5],
    ]) {
      const end = await solve(anderson({ window }), { ...problem, start: clean });
      expect(end.sweeps).toBe(sweeps);
      expect(end.residual).toBeLessThan(1e-9);
    }
  });
});

test("points new to the window start from what the point before them predicts", async () => {
  // One prediction for all states: two sweeps find it in the first window, and it fills the other four at once.
  const end = await solve(anderson({ window: 20 }), mixtureProblem({ deviation: 1e-9 }));
  expect(end.sweeps).toBe(6);
});

describe("the residual", () => {
  test("of a window shorter than the chain is Infinity until the solve is accepted", async () => {
    const problem = mixtureProblem({ levels: 30, modes: 2 });
    for (const window of [10, 29]) {
      const all = await iterates(anderson({ window }), problem);
      expect(all.map(({ residual }) => residual < Number.POSITIVE_INFINITY)).toEqual(
        all.map(({ accepted }) => accepted),
      );
    }
  });

  test("is the largest change of a prediction, or of the chunk", async () => {
    const problem = mixtureProblem({ modes: 3 });
    const { clean } = await solve(sequential(), problem);
    const start = clean.slice();
    start[start.length - 1] += 0.3; // the last step changes no other state
    const [first] = await iterates(anderson({ tolerance: 0 }), { ...problem, start });
    expect(first.residual).toBeCloseTo(0.3, 9);
  });
});

test("a NaN of the denoiser reaches the chunk", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyOptions,
      anyProblem,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.constantFrom(0, 0.01),
      async (options, problemOptions, where, tolerance) => {
        const problem = mixtureProblem(problemOptions);
        const denoiser = failing(problem.denoiser, Math.floor(where * problemOptions.levels));
        const { chunk } = await solve(anderson({ ...options, tolerance }), { ...problem, denoiser });
        expect(chunk.every(Number.isFinite)).toBe(false);
      },
    ),
  );
});

test("counts what it asks, leaves its problem as it was and can be stopped between sweeps", async () => {
  await fc.assert(
    fc.asyncProperty(anyOptions, anyProblem, async (options, problemOptions) => {
      const problem = mixtureProblem(problemOptions);
      const before = structuredClone({ noise: problem.noise, start: problem.start });
      const denoiser = counting(problem.denoiser);
      let total = 0;
      for await (const { sweeps, evaluations } of anderson(options)({ ...problem, denoiser })) {
        expect(denoiser.batches).toHaveLength(sweeps);
        total += denoiser.batches[sweeps - 1];
        expect(evaluations).toBe(total);
      }
      expect({ noise: problem.noise, start: problem.start }).toEqual(before);
    }),
    { numRuns: 50 },
  );
});

test.each<[AndersonOptions, string]>([
  [{ memory: 0 }, "not 0"],
  [{ memory: 6 }, "not 6"],
  [{ memory: 2.5 }, "not 2.5"],
  [{ order: 0 }, "the order is a whole number ≥ 1, not 0"],
  [{ window: Number.NaN }, "the window is a whole number ≥ 1, not NaN"],
  [{ tolerance: -1 }, "the tolerance is a number ≥ 0, not -1"],
  [{ noiseTolerance: Number.NaN }, "the noiseTolerance is a number ≥ 0, not NaN"],
  [{ regularization: -1 }, "the regularization is a number ≥ 0, not -1"],
])("refuses %o", (options, message) => {
  expect(() => anderson(options)).toThrow(message);
});

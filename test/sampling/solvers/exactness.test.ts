import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anderson } from "../../../src/sampling/solvers/anderson.js";
import { parareal } from "../../../src/sampling/solvers/parareal.js";
import { picard } from "../../../src/sampling/solvers/picard.js";
import { type SlopeName, semilinear } from "../../../src/sampling/solvers/semilinear.js";
import { sequential } from "../../../src/sampling/solvers/sequential.js";
import { largestChange, type Solver } from "../../../src/sampling/solvers/solver.js";
import { speculative } from "../../../src/sampling/solvers/speculative.js";
import {
  anyProblem,
  anyRule,
  counting,
  distance,
  failing,
  iterates,
  mixtureProblem,
  type ProblemOptions,
  type RuleChoice,
  randomResponse,
  solve,
} from "../problems.js";

interface Case {
  readonly create: (options: ProblemOptions) => Solver;
  readonly rule: RuleChoice;
}

const onAnyRule = (solver: fc.Arbitrary<Solver>): fc.Arbitrary<Case> =>
  fc.record({ create: solver.map((made) => () => made), rule: anyRule });

const slopes = fc.constantFrom<SlopeName>("x0", "gaussian", "secant", "calibrated");

/** The calibrated slope is told a response that has nothing to do with the problem. */
const anySemilinear = (tolerance: fc.Arbitrary<number>): fc.Arbitrary<Case> =>
  fc.record({
    create: fc
      .record({
        slope: slopes,
        spread: fc.double({ min: 0.01, max: 1, noNaN: true }),
        probes: fc.integer({ min: 0, max: 12 }),
        tolerance,
      })
      .map((made) => (options: ProblemOptions) => semilinear({ ...made, response: randomResponse(options) })),
    rule: anyRule,
  });

/** Every solver, run until it is exact, on any rule. */
const anyExactSolver: fc.Arbitrary<Case> = fc.oneof(
  onAnyRule(fc.constant(sequential())),
  onAnyRule(fc.integer({ min: 1, max: 50 }).map((window) => picard({ window, tolerance: 0 }))),
  anySemilinear(fc.constant(0)),
  onAnyRule(
    fc
      .record({ memory: fc.integer({ min: 1, max: 5 }), window: fc.integer({ min: 1, max: 50 }) })
      .map((made) => anderson({ ...made, tolerance: 0 })),
  ),
  onAnyRule(fc.constant(parareal({ tolerance: 0 }))),
);

/** Every solver, at any tolerance, on any rule. */
const anySolver: fc.Arbitrary<Case> = fc.oneof(
  anyExactSolver,
  onAnyRule(
    fc
      .record({
        window: fc.integer({ min: 1, max: 50 }),
        tolerance: fc.double({ min: 0, max: 1, noNaN: true }),
      })
      .map(picard),
  ),
  anySemilinear(fc.double({ min: 0, max: 0.5, noNaN: true })),
  onAnyRule(fc.double({ min: 0, max: 0.1, noNaN: true }).map((tolerance) => anderson({ tolerance }))),
  onAnyRule(fc.double({ min: 0, max: 0.5, noNaN: true }).map((tolerance) => parareal({ tolerance }))),
  onAnyRule(fc.integer({ min: 1, max: 50 }).map((window) => speculative({ window }))),
);

describe("every solver", () => {
  test("gives the sequential sample at tolerance 0", async () => {
    await fc.assert(
      fc.asyncProperty(anyExactSolver, anyProblem, async ({ create, rule }, options) => {
        const problem = mixtureProblem({ ...options, rule });
        const reference = await solve(sequential(), problem);
        const { chunk, clean } = await solve(create(options), problem);
        expect(distance(chunk, reference.chunk)).toBeLessThan(1e-8);
        expect(clean).toHaveLength(reference.clean.length);
      }),
      { numRuns: 300 },
    );
  });

  test("ends within as many sweeps as there are steps, accepted on the last iterate only", async () => {
    await fc.assert(
      fc.asyncProperty(anySolver, anyProblem, async ({ create, rule }, options) => {
        const problem = mixtureProblem({ ...options, rule });
        const all = await iterates(create(options), problem);
        expect(all.length).toBeLessThanOrEqual(problem.rule.steps);
        expect(all.map(({ accepted }) => accepted)).toEqual(all.map((_, k) => k === all.length - 1));
        expect(all.map(({ sweeps }) => sweeps)).toEqual(all.map((_, k) => k + 1));
      }),
    );
  });

  test("counts one evaluation per state that the denoiser was given", async () => {
    await fc.assert(
      fc.asyncProperty(anySolver, anyProblem, async ({ create, rule }, options) => {
        const problem = mixtureProblem({ ...options, rule });
        const denoiser = counting(problem.denoiser);
        let total = 0;
        for (const { sweeps, evaluations } of await iterates(create(options), { ...problem, denoiser })) {
          total += denoiser.batches[sweeps - 1];
          expect(evaluations).toBe(total);
        }
      }),
    );
  });

  test("can be stopped between any two sweeps and asks nothing more", async () => {
    await fc.assert(
      fc.asyncProperty(anyExactSolver, anyProblem, fc.integer({ min: 1, max: 5 }), async (...args) => {
        const [{ create, rule }, options, after] = args;
        const problem = mixtureProblem({ ...options, rule });
        const denoiser = counting(problem.denoiser);
        for await (const { sweeps } of create(options)({ ...problem, denoiser })) if (sweeps === after) break;
        await new Promise((resolve) => setImmediate(resolve));
        expect(denoiser.batches.length).toBeLessThanOrEqual(after);
      }),
    );
  });

  test("says after every sweep how far its chunk may be off", async () => {
    await fc.assert(
      fc.asyncProperty(anySolver, anyProblem, async ({ create, rule }, options) => {
        const problem = mixtureProblem({ ...options, rule });
        for (const { chunk, residual } of await iterates(create(options), problem)) {
          expect(chunk).toHaveLength(problem.noise.initial.length);
          expect(residual).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  test("leaves its problem as it was", async () => {
    await fc.assert(
      fc.asyncProperty(anySolver, anyProblem, async ({ create, rule }, options) => {
        const problem = mixtureProblem({ ...options, rule, start: "random" });
        const before = structuredClone({ noise: problem.noise, start: problem.start });
        await solve(create(options), problem);
        expect({ noise: problem.noise, start: problem.start }).toEqual(before);
      }),
      { numRuns: 30 },
    );
  });

  test("never hides a NaN of the denoiser behind a finite chunk", async () => {
    await fc.assert(
      fc.asyncProperty(
        anySolver,
        anyProblem,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (...args) => {
          const [{ create, rule }, options, where] = args;
          const problem = mixtureProblem({ ...options, rule });
          const { level } = problem.rule;
          const denoiser = failing(problem.denoiser, level[Math.floor(where * level.length)]);
          const { chunk } = await solve(create(options), { ...problem, denoiser });
          expect(chunk.every(Number.isFinite)).toBe(!denoiser.failed);
        },
      ),
    );
  });

  test.each<[string, Solver]>([
    ["picard, window 20", picard({ window: 20, tolerance: 0 })],
    ["picard, all steps", picard({ window: 100, tolerance: 0 })],
    ["semilinear, x0", semilinear({ slope: "x0", tolerance: 0 })],
    ["semilinear, gaussian", semilinear({ slope: "gaussian", tolerance: 0 })],
    ["semilinear, secant", semilinear({ slope: "secant", tolerance: 0 })],
  ])("%s is exact on a 100-step chain with three modes", async (_name, solver) => {
    const problem = mixtureProblem({ modes: 3, seed: 5 });
    const reference = await solve(sequential(), problem);
    expect(distance((await solve(solver, problem)).chunk, reference.chunk)).toBeLessThan(1e-8);
  });
});

describe("largestChange", () => {
  test("looks at its range only", () => {
    expect(largestChange(Float64Array.of(9, 1, 2, 9), Float64Array.of(0, 2, 5, 0), 1, 3)).toBe(3);
  });

  test.each([0, 1, 2])("is NaN when entry %i is, whatever stands behind it", (at) => {
    const values = Float64Array.of(1, 2, 3).fill(Number.NaN, at, at + 1);
    expect(largestChange(values, new Float64Array(3), 0, 3)).toBeNaN();
    expect(largestChange(new Float64Array(3), values, 0, 3)).toBeNaN();
  });
});

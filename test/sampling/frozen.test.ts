import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frozen } from "../../src/sampling/frozen.js";
import { semilinear } from "../../src/sampling/solvers/semilinear.js";
import { sequential } from "../../src/sampling/solvers/sequential.js";
import type { Problem } from "../../src/sampling/solvers/solver.js";
import { anyProblem, anyRule, distance, mixtureProblem, randomResponse, solve } from "./problems.js";

/** A problem with two of its rows frozen, and where they are. */
function frozenProblem(problem: Problem, values: Float64Array, from: number): Problem {
  return { ...problem, denoiser: frozen(problem.denoiser, values, from) };
}

describe("a frozen denoiser", () => {
  test("predicts what is known in the frozen rows and asks the network for the others", async () => {
    const { denoiser } = mixtureProblem({ shape: { horizon: 4, dim: 2 } });
    const states = Float64Array.from({ length: 3 * 8 }, (_, k) => Math.sin(k));
    const levels = Int32Array.of(99, 50, 0);
    const [plain, known] = [new Float64Array(3 * 8), new Float64Array(3 * 8 + 8)];
    await denoiser.predict(states, levels, 3, plain);
    await frozen(denoiser, Float64Array.of(0.1, 0.2, 0.3, 0.4), 1).predict(states, levels, 3, known);
    for (let k = 0; k < 24; k++) {
      const row = k % 8;
      expect(known[k]).toBe(row >= 2 && row < 6 ? (row - 1) / 10 : plain[k]);
    }
    expect(known.slice(24)).toEqual(new Float64Array(8));
  });

  test("ends a DDPM chunk with exactly the frozen rows", async () => {
    const values = Float64Array.of(1 / 3, -0.7, 0.2, 0.123456789);
    for (const solver of [sequential(), semilinear({ tolerance: 0 })]) {
      const { chunk } = await solve(solver, frozenProblem(mixtureProblem({ modes: 2 }), values, 1));
      expect(distance(chunk.slice(2, 6), values)).toBeLessThan(1e-12);
    }
  });

  test("is solved by the semilinear solver as by the sequential one, under any slope", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyProblem,
        anyRule,
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.constantFrom("secant" as const, "gaussian" as const, "calibrated" as const),
        async (options, rule, value, slope) => {
          const problem = mixtureProblem({ ...options, rule });
          const { dim } = problem.denoiser.shape;
          const known = frozenProblem(problem, new Float64Array(dim).fill(value), 0);
          const response = randomResponse(options);
          const exact = await solve(sequential(), known);
          const { chunk } = await solve(semilinear({ slope, tolerance: 0, response }), known);
          expect(distance(chunk, exact.chunk)).toBeLessThan(1e-6);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("refuses values that are no rows or too many", () => {
    const { denoiser } = mixtureProblem({ shape: { horizon: 4, dim: 2 } });
    expect(() => frozen(denoiser, new Float64Array(3), 0)).toThrow("whole rows of 2 values, not 3");
    expect(() => frozen(denoiser, new Float64Array(8), 1)).toThrow("at most 3 do");
  });
});

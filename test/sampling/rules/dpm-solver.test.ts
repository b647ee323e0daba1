import { describe, expect, test } from "vitest";
import { gaussianMixture } from "../../../src/sampling/analytic.js";
import { fullGrid, levelGrid } from "../../../src/sampling/grid.js";
import { ddim } from "../../../src/sampling/rules/ddim.js";
import { dpmSolver } from "../../../src/sampling/rules/dpm-solver.js";
import { squaredCosine } from "../../../src/sampling/schedule.js";
import { sequential } from "../../../src/sampling/solvers/sequential.js";
import { distance, iterates } from "../problems.js";

const schedule = squaredCosine(100);
const grids = [
  fullGrid(100),
  ...[1, 2, 3, 10, 15, 25, 50].map((steps) => levelGrid(100, { steps, spacing: "trailing" })),
];

test("of order 1 is DDIM at η = 0, to the last bit", () => {
  for (const grid of grids) {
    const { name, ...rule } = dpmSolver(schedule, { grid, order: 1 });
    expect({ name: "ddim", ...rule }).toEqual(ddim(schedule, { grid }));
  }
});

test("of order 2 differs from it between the first step and the last only", () => {
  for (const grid of grids) {
    const [first, second] = [1, 2].map((order) => dpmSolver(schedule, { grid, order: order as 1 | 2 }));
    expect(second.state).toEqual(first.state);
    for (let i = 0; i < second.steps; i++) {
      // The two weights lay a line through the predictions: together they weigh what order 1 does.
      expect(second.clean[i] + second.previous[i]).toBeCloseTo(first.clean[i], 13);
      const straight = i > 0 && i < second.steps - 1;
      expect(second.previous[i] < 0).toBe(straight);
    }
  }
});

test("returns the last prediction itself, to the last bit, on every grid", () => {
  for (const grid of grids) {
    const { steps, state, clean, previous } = dpmSolver(schedule, { grid });
    expect([state[steps - 1], clean[steps - 1], previous[steps - 1]]).toEqual([0, 1, 0]);
  }
});

test("adds no noise, but states the DDPM posterior's deviation", () => {
  const rule = dpmSolver(schedule);
  expect(rule.noise).toEqual(new Float64Array(100));
  expect(rule.deviation).toEqual(ddim(schedule, { eta: 1 }).deviation);
});

test("refuses other orders", () => {
  expect(() => dpmSolver(schedule, { order: 3 as 2 })).toThrow("order 1 or 2 here, not 3");
});

describe("order of convergence on one Gaussian, where the ODE has a closed solution", () => {
  const [mean, deviation] = [0.3, 0.3];
  const fine = squaredCosine(20_000);
  const lambda = (t: number) => (Math.log(fine.signal[t]) - Math.log1p(-fine.signal[t])) / 2;

  /** Levels at equal strides of λ between two levels. */
  function evenGrid(steps: number, from: number, to: number): Int32Array {
    return Int32Array.from({ length: steps + 1 }, (_, i) => {
      const target = lambda(from) + ((lambda(to) - lambda(from)) * i) / steps;
      let [noisy, clean] = [from, to];
      while (noisy - clean > 1) {
        const middle = (noisy + clean) >> 1;
        if (lambda(middle) > target) clean = middle;
        else noisy = middle;
      }
      return i === steps ? to : noisy;
    });
  }

  /** How far the state on the last level is from the ODE's. */
  async function error(order: 1 | 2, steps: number): Promise<number> {
    const grid = evenGrid(steps, 18_000, 6_000);
    const rule = dpmSolver(fine, { grid, order });
    const modes = [{ mean: [mean], weight: 1 }];
    const denoiser = gaussianMixture(
      { horizon: 1, dim: 1 },
      fine,
      modes,
      deviation,
      Number.POSITIVE_INFINITY,
    );
    const noise = {
      initial: Float64Array.of(1.2),
      steps: new Float64Array(rule.steps),
      coins: new Float64Array(rule.steps).fill(1),
    };
    const { chunk } = (await iterates(sequential(), { rule, denoiser, noise }))[steps - 1];
    // The ODE keeps (x - √ᾱ·m) / √(ᾱs² + 1 - ᾱ).
    const [a, b] = [fine.signal[grid[0]], fine.signal[grid[steps]]];
    const spread = (signal: number) => Math.sqrt(signal * deviation ** 2 + 1 - signal);
    const exact = Math.sqrt(b) * mean + (spread(b) / spread(a)) * (1.2 - Math.sqrt(a) * mean);
    return distance(chunk, [exact]);
  }

  test.each([1, 2] as const)("%i: twice the steps, a half or a quarter of the error", async (order) => {
    for (const steps of [16, 32, 64]) {
      const ratio = (await error(order, steps)) / (await error(order, 2 * steps));
      expect(ratio / 2 ** order).toBeGreaterThan(0.95);
      expect(ratio / 2 ** order).toBeLessThan(1.05);
    }
  });
});

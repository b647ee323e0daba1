import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { cleanFromNoise, type NoiseNetwork } from "../../../src/sampling/denoiser.js";
import { type GridOptions, levelGrid } from "../../../src/sampling/grid.js";
import type { ChunkNoise } from "../../../src/sampling/noise.js";
import { ddim } from "../../../src/sampling/rules/ddim.js";
import { ddpm } from "../../../src/sampling/rules/ddpm.js";
import { dpmSolver } from "../../../src/sampling/rules/dpm-solver.js";
import type { Rule } from "../../../src/sampling/rules/rule.js";
import { squaredCosine } from "../../../src/sampling/schedule.js";
import { sequential } from "../../../src/sampling/solvers/sequential.js";
import { distance, iterates } from "../problems.js";

interface Grid extends GridOptions {
  readonly levels: number[];
}

interface Trajectory extends Omit<GridOptions, "convention"> {
  readonly rule: "ddpm" | "ddim" | "dpm-solver";
  readonly eta?: number;
  readonly final?: "one" | "first";
  readonly order?: 1 | 2;
  readonly clipped: boolean;
  /** The state after every step. */
  readonly states: number[][];
}

/** What fixtures/record.py wrote. */
const { grids, trajectories }: { grids: Grid[]; trajectories: Trajectory[] } = JSON.parse(
  readFileSync("test/sampling/rules/fixtures/diffusers.json", "utf8"),
);

const schedule = squaredCosine(100);

/** The network of record.py. */
function network(amplitude: number): NoiseNetwork {
  return {
    shape: { horizon: 1, dim: 2 },
    predictNoise(states, levels, _rows, out) {
      const [t, signal] = [levels[0], schedule.signal[levels[0]]];
      for (let k = 0; k < 2; k++) {
        const clean = amplitude * Math.sin(1.3 * states[k] + 0.7 * states[1 - k] + 0.05 * t + k);
        out[k] = (states[k] - Math.sqrt(signal) * clean) / Math.sqrt(1 - signal);
      }
    },
  };
}

/** The noise of record.py. */
function noise(steps: number): ChunkNoise {
  const z = (i: number) => [0, 1].map((k) => 1.5 * Math.sin(12.9 * (i + 2) + 78.2 * k));
  return {
    initial: Float64Array.from(z(-1)),
    steps: Float64Array.from(Array.from({ length: steps }, (_, i) => z(i)).flat()),
    coins: new Float64Array(steps).fill(1),
  };
}

function ruleOf({ rule, eta = 0, final = "one", order = 2, ...options }: Trajectory): Rule {
  const grid = levelGrid(100, { ...options, convention: rule === "dpm-solver" ? rule : "ddim" });
  if (rule === "ddpm") return ddpm(schedule, grid);
  return rule === "ddim" ? ddim(schedule, { grid, eta, final }) : dpmSolver(schedule, { grid, order });
}

describe("visits the levels that diffusers visits", () => {
  test.each(grids)("$steps levels, $spacing, offset $offset, by $convention", ({ levels, ...options }) => {
    expect(Array.from(levelGrid(100, options))).toEqual(levels);
  });
});

// Seen here: within 5e-9, half of the last digit written down, and within 2e-7 for DPM-Solver, which rounds to float32.
describe("takes the steps that diffusers takes", () => {
  const titled = trajectories.map((trajectory): [string, Trajectory] => {
    const { states, ...setting } = trajectory;
    return [Object.entries(setting).flat().join(" "), trajectory];
  });
  test.each(titled)("%s", async (_title, trajectory) => {
    const rule = ruleOf(trajectory);
    const clip = trajectory.clipped ? 1 : Number.POSITIVE_INFINITY;
    const denoiser = cleanFromNoise(network(trajectory.clipped ? 1.8 : 0.9), schedule, clip);
    const all = await iterates(sequential(), { rule, denoiser, noise: noise(rule.steps) });
    const states = all.flatMap(({ chunk }) => Array.from(chunk));
    expect(distance(states, trajectory.states.flat())).toBeLessThan(1e-6);
    const clips = all.at(-1)?.clean.some((value) => Math.abs(value) === 1);
    expect(clips).toBe(trajectory.clipped);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OnnxNetwork } from "../../src/inference/onnx.js";
import { loadBundle } from "../../src/policy/bundle.js";
import { type Calibration, guessFor } from "../../src/policy/calibration.js";
import { middleObservation } from "../../src/policy/manifest.js";
import { cleanFromNoise, type Denoiser } from "../../src/sampling/denoiser.js";
import { levelGrid } from "../../src/sampling/grid.js";
import { drawNoise, GaussianStream } from "../../src/sampling/noise.js";
import { ddpm } from "../../src/sampling/rules/ddpm.js";
import { squaredCosine } from "../../src/sampling/schedule.js";
import { anderson } from "../../src/sampling/solvers/anderson.js";
import { parareal } from "../../src/sampling/solvers/parareal.js";
import { picard } from "../../src/sampling/solvers/picard.js";
import { semilinear } from "../../src/sampling/solvers/semilinear.js";
import { sequential } from "../../src/sampling/solvers/sequential.js";
import { type Iterate, largestChange, type Problem, type Solver } from "../../src/sampling/solvers/solver.js";

const schedule = squaredCosine(100);
const rule = ddpm(schedule);
/** Every fourth level: without a calibration, a chain takes up to as many sweeps as it has steps. */
const short = ddpm(schedule, levelGrid(100, { steps: 25, spacing: "trailing" }));

describe("on the shipped network, with tolerance 0", () => {
  let network: OnnxNetwork;
  let denoiser: Denoiser;
  let cold: Problem;
  let exact: Iterate;
  let shortCold: Problem;
  let shortExact: Iterate;
  let calibration: Calibration;
  let observation: Float64Array;

  beforeAll(async () => {
    const bundle = await loadBundle("policies/pusht");
    if (!bundle.calibration) throw new Error("policies/pusht has no calibration of its network");
    calibration = bundle.calibration;
    const { manifest } = bundle;
    network = await OnnxNetwork.load(bundle, { provider: "cpu", threads: 2, spin: false });
    observation = middleObservation(manifest).map((_, k) => 0.3 * Math.sin(k));
    network.observe(observation);
    denoiser = cleanFromNoise(network, schedule, manifest.diffusion.clip);
    const size = manifest.horizon * manifest.action.length;
    cold = { rule, denoiser, noise: drawNoise(rule.steps, size, new GaussianStream(1)) };
    exact = await last(sequential(), cold);
    shortCold = { rule: short, denoiser, noise: drawNoise(short.steps, size, new GaussianStream(2)) };
    shortExact = await last(sequential(), shortCold);
  });
  afterAll(() => network.close());

  test.each(["cold", "from a wrong start"])(
    "semilinear calibrated gives the sequential sample, %s",
    async (how) => {
      const { response } = calibration;
      const start = how === "cold" ? {} : { start: exact.clean.map((clean, k) => clean + 0.2 * Math.cos(k)) };
      const guess = guessFor(calibration, observation, new Float64Array(calibration.offset.length / 41));
      const { chunk } = await last(semilinear({ response, tolerance: 0 }), { ...cold, guess, ...start });
      expect(largestChange(chunk, exact.chunk, 0, chunk.length)).toBeLessThan(1e-4);
    },
  );

  const solvers: readonly (readonly [string, Solver])[] = [
    ["picard, window 10", picard({ window: 10, tolerance: 0 })],
    ["picard, window of all", picard({ window: 25, tolerance: 0 })],
    ["semilinear x0", semilinear({ slope: "x0", tolerance: 0 })],
    ["semilinear gaussian", semilinear({ slope: "gaussian", tolerance: 0 })],
    ["semilinear secant", semilinear({ slope: "secant", tolerance: 0 })],
    ["anderson", anderson({ tolerance: 0 })],
    ["parareal", parareal({ tolerance: 0 })],
    ["parareal, plain", parareal({ tolerance: 0, pipelined: false })],
  ];

  test.each(solvers)("%s gives the sequential sample of 25 steps, cold", async (_, solver) => {
    const { chunk } = await last(solver, shortCold);
    expect(largestChange(chunk, shortExact.chunk, 0, chunk.length)).toBeLessThan(1e-4);
  });

  test.each(solvers)("%s gives the sequential sample of 25 steps from a wrong start", async (_, solver) => {
    const start = shortExact.clean.map((clean, k) => clean + 0.2 * Math.cos(k));
    const { chunk } = await last(solver, { ...shortCold, start });
    expect(largestChange(chunk, shortExact.chunk, 0, chunk.length)).toBeLessThan(1e-4);
  });
});

async function last(solver: Solver, problem: Problem): Promise<Iterate> {
  let final: Iterate | undefined;
  for await (const iterate of solver(problem)) final = iterate;
  if (!final) throw new Error("the solver gave no iterate");
  return { ...final, chunk: final.chunk.slice(), clean: final.clean.slice() };
}

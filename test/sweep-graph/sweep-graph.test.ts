import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { OnnxNetwork } from "../../src/inference/onnx.js";
import { optimize } from "../../src/optimize/optimize.js";
import { rejoined } from "../../src/optimize/rejoined.js";
import { type Bundle, loadBundle } from "../../src/policy/bundle.js";
import { guessFor } from "../../src/policy/calibration.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { cleanFromNoise } from "../../src/sampling/denoiser.js";
import { drawNoise, GaussianStream } from "../../src/sampling/noise.js";
import type { Response } from "../../src/sampling/response.js";
import { ddim } from "../../src/sampling/rules/ddim.js";
import { ddpm } from "../../src/sampling/rules/ddpm.js";
import type { Rule } from "../../src/sampling/rules/rule.js";
import { squaredCosine } from "../../src/sampling/schedule.js";
import { semilinear } from "../../src/sampling/solvers/semilinear.js";
import { sequential } from "../../src/sampling/solvers/sequential.js";
import { gaussianSlope } from "../../src/sampling/solvers/slopes/scalar.js";
import type { Iterate, Problem, Solver } from "../../src/sampling/solvers/solver.js";
import { rebuildStates } from "../../src/sampling/solvers/states.js";
import { composeSweeps, type SweepGraphOptions } from "../../src/sweep-graph/compose.js";
import { leading } from "../../src/sweep-graph/gains.js";
import { SweepSession, type Swept } from "../../src/sweep-graph/session.js";
import { sweepSolver } from "../../src/sweep-graph/solver.js";
import { LEVELS, OBSERVATION, TinyNetwork } from "../optimize/tiny-network.js";
import { SHIPPED } from "../policy/bundles.js";
import { anyRule, distance, iterates, randomResponse, solve } from "../sampling/problems.js";
import { denoiserOf, SCHEDULE, SHAPE, SIZE, tinyNoiseNetwork } from "./tiny-policy.js";

const RUNTIME = { provider: "cpu", threads: 1, spin: false } as const;
/** Of states: float32 through a chain of ten or a hundred steps. */
const ROUNDING = 1e-4;

async function opened(
  network: Uint8Array,
  options: Omit<SweepGraphOptions, "clip" | "shape"> & Partial<SweepGraphOptions>,
  observation: Float64Array,
): Promise<SweepSession> {
  const session = await SweepSession.load(
    composeSweeps(network, { clip: 1, shape: SHAPE, ...options }),
    RUNTIME,
  );
  session.observe(observation);
  return session;
}

/** What clean predictions make of a problem's noise: predictions at the noisiest levels themselves are ill-conditioned. */
function statesOf({ rule, noise }: Problem, clean: Float64Array): Float64Array {
  const size = noise.initial.length;
  const states = new Float64Array((rule.steps + 1) * size);
  rebuildStates(rule, noise, clean, size, states);
  return states;
}

function slopesOf(slope: "x0" | "gaussian", rule: Rule): Float64Array {
  return rule.signal.map((signal) => (slope === "x0" ? 0 : gaussianSlope(signal, 0.05)));
}

const anySlope = fc.constantFrom("x0" as const, "gaussian" as const, "calibrated" as const);
const anySolve = fc.record({
  rule: anyRule,
  slope: anySlope,
  seed: fc.nat(1000),
  sweeps: fc.integer({ min: 1, max: 3 }),
  start: fc.boolean(),
});

function tinyProblem(network: Uint8Array, rule: Rule, seed: number, start: boolean) {
  const random = new GaussianStream(seed, 1);
  const observation = random.fill(new Float64Array(OBSERVATION));
  const noise = drawNoise(rule.steps, SIZE, random);
  const problem: Problem = { rule, noise, denoiser: denoiserOf(network, observation) };
  const warm = { ...problem, start: random.fill(new Float64Array(rule.steps * SIZE)).map(Math.tanh) };
  return { observation, problem: start ? warm : problem };
}

describe("sweeps in a graph", () => {
  it("are those of the solver, after every sweep, for any rule, slope, start and number of sweeps in a call", async () => {
    await fc.assert(
      fc.asyncProperty(anySolve, async ({ rule: choice, slope, seed, sweeps, start }) => {
        const network = tinyNoiseNetwork(seed);
        const rule = choice(SCHEDULE);
        const { observation, problem } = tinyProblem(network, rule, seed, start);
        const response = leading(randomResponse({ levels: LEVELS, shape: SHAPE, seed }), 4);
        const slopes = slope === "calibrated" ? { response, probes: 0 } : slopesOf(slope, rule);
        const session = await opened(network, { rule, slopes, sweeps }, observation);
        const found = await iterates(sweepSolver(session, { rule, slopes, tolerance: 0 }), problem);
        await session.close();
        const options = { slope, tolerance: 0, ...(slope === "calibrated" ? { response, probes: 0 } : {}) };
        const wanted = await iterates(semilinear(options), problem);
        expect(found.length).toBeLessThanOrEqual(rule.steps);
        for (const [k, { chunk, sweeps: done, clean, residual }] of found.entries()) {
          const its = wanted[Math.min(k, wanted.length - 1)];
          expect(done).toBe(k + 1);
          expect(distance(chunk, its.chunk)).toBeLessThan(ROUNDING);
          if (done % sweeps > 0 || k >= wanted.length) continue;
          expect(distance(statesOf(problem, clean), statesOf(problem, its.clean))).toBeLessThan(ROUNDING);
          expect(residual).toBeCloseTo(its.residual, 3);
        }
        const { chunk } = await solve(sequential(), problem);
        expect(distance(found[found.length - 1].chunk, chunk)).toBeLessThan(ROUNDING);
      }),
      { numRuns: 25 },
    );
  });

  it("carry NaN out, which a clip would swallow", async () => {
    const network = tinyNoiseNetwork(1);
    const rule = ddpm(SCHEDULE);
    const { problem } = tinyProblem(network, rule, 1, true);
    const spoilt = Float64Array.of(0, Number.NaN, 0);
    const slopes = slopesOf("x0", rule);
    const session = await opened(network, { rule, slopes, sweeps: 2 }, spoilt);
    const [first] = await iterates(sweepSolver(session, { rule, slopes }), problem);
    await session.close();
    expect(first.accepted).toBe(false);
    expect(first.chunk.every(Number.isNaN)).toBe(true);
  });
});

it("an optimised network's sweeps are those of the original", async () => {
  const network = await readFile(join("test", "optimize", "unet", "dynamo.onnx"));
  const rule = ddpm(squaredCosine(20));
  const shape = { horizon: 8, dim: 2 };
  const random = new GaussianStream(3);
  const [base, model, observation] = [21 * 16, 20 * 16, 6].map((size) => random.fill(new Float64Array(size)));
  const { graphs, observation: terms } = await optimize(network, { levels: 20 });
  const exact = graphs.filter(({ precision }) => precision === "float32");
  const answers: Swept[] = [];
  for (const bytes of [network, ...exact.map(({ bytes }) => rejoined(bytes, terms))]) {
    const session = await opened(
      bytes,
      { rule, shape, slopes: slopesOf("gaussian", rule), sweeps: 2 },
      observation,
    );
    answers.push(await session.sweep(base, model));
    await session.close();
  }
  expect(answers).toHaveLength(4);
  for (const { chunks, changes } of answers.slice(1)) {
    expect(distance(Float64Array.from(chunks), Float64Array.from(answers[0].chunks))).toBeLessThan(ROUNDING);
    expect(distance(Float64Array.from(changes), Float64Array.from(answers[0].changes))).toBeLessThan(
      ROUNDING,
    );
  }
});

describe("what cannot be put into a graph is refused", () => {
  const rule = ddpm(SCHEDULE);
  const compose = (network: Uint8Array, options: Partial<SweepGraphOptions> = {}) => {
    const usual = { rule, slopes: slopesOf("x0", rule), sweeps: 1, clip: 1, shape: SHAPE };
    return () => composeSweeps(network, { ...usual, ...options });
  };

  it("a network with other inputs or outputs", () => {
    const tiny = new TinyNetwork(0);
    const network = tiny.file(tiny.op("Neg", ["sample"]), SHAPE.horizon, SHAPE.dim);
    const text = Buffer.from(network).toString("latin1").replaceAll("observation", "observatioN");
    expect(compose(Buffer.from(text, "latin1"))).toThrow(/observatioN.*export it again under these names/);
    expect(compose(new Uint8Array(100).fill(0xa5))).toThrow(ConfigurationError);
  });

  it("more directions than one matrix should hold", () => {
    const levels = 100;
    const shape = { horizon: 50, dim: 1 };
    const slopes = { response: randomResponse({ levels, shape }), probes: 0 };
    const long = ddpm(squaredCosine(levels));
    expect(compose(tinyNoiseNetwork(0), { rule: long, shape, slopes })).toThrow(
      /50 directions of the response over 100 steps take a matrix of 96 MiB .* at most 40 directions/,
    );
  });

  it("no sweep, or part of one", () => {
    expect(compose(tinyNoiseNetwork(0), { sweeps: 0 })).toThrow(RangeError);
    expect(compose(tinyNoiseNetwork(0), { sweeps: 1.5 })).toThrow(RangeError);
  });

  it("a problem of another rule", async () => {
    const network = tinyNoiseNetwork(0);
    const session = await opened(
      network,
      { rule, slopes: slopesOf("x0", rule), sweeps: 1 },
      new Float64Array(OBSERVATION),
    );
    const { problem } = tinyProblem(network, ddim(SCHEDULE), 0, false);
    await expect(
      solve(sweepSolver(session, { rule, slopes: slopesOf("x0", rule) }), problem),
    ).rejects.toThrow("not for ddim");
    await session.close();
  });

  it("a file that is no sweep graph", async () => {
    await expect(SweepSession.load(tinyNoiseNetwork(0), RUNTIME)).rejects.toThrow("no sweep graph");
  });
});

describe("on the shipped policy", () => {
  const rule = ddpm(squaredCosine(100));
  const shape = { horizon: 16, dim: 2 };
  const observation = new GaussianStream(5).fill(new Float64Array(40)).map(Math.tanh);
  let bundle: Bundle;
  /** Its first eight directions. */
  let response: Response;
  let network: OnnxNetwork;
  let cold: Problem;
  beforeAll(async () => {
    bundle = await loadBundle(SHIPPED);
    const { calibration } = bundle;
    if (!calibration) throw new Error("the shipped policy has a calibration");
    response = leading(calibration.response, 8);
    network = await OnnxNetwork.load(bundle, RUNTIME);
    network.observe(observation);
    const { levels, clip } = bundle.manifest.diffusion;
    const denoiser = cleanFromNoise(network, squaredCosine(levels), clip);
    const { offset, slope } = guessFor(calibration, observation, new Float64Array(100 * 32));
    const guess = { offset, slope: leading({ ...calibration.response, slope }, 8).slope };
    cold = { rule, denoiser, guess, noise: drawNoise(100, 32, new GaussianStream(6)) };
    return () => network.close();
  });

  it("three sweeps of a call are those of the solver, cold from a guess and warm", async () => {
    const session = await opened(
      bundle.network,
      { rule, shape, slopes: { response, probes: 0 }, sweeps: 3 },
      observation,
    );
    const wanted = semilinear({ slope: "calibrated", response, probes: 0, tolerance: 0 });
    const noise = drawNoise(100, 32, new GaussianStream(7));
    const { guess: _, ...warm } = { ...cold, noise, start: (await firstSweeps(wanted, cold))[2].clean };
    for (const problem of [cold, warm]) {
      const its = await firstSweeps(wanted, problem);
      const found = await firstSweeps(
        sweepSolver(session, { rule, slopes: { response, probes: 0 }, response, tolerance: 0 }),
        problem,
      );
      for (let k = 0; k < 3; k++) {
        expect(distance(found[k].chunk, its[k].chunk)).toBeLessThan(ROUNDING);
        expect(found[k].residual).toBeCloseTo(its[k].residual, 4);
      }
      expect(distance(statesOf(problem, found[2].clean), statesOf(problem, its[2].clean))).toBeLessThan(
        ROUNDING,
      );
    }
    await session.close();
  });

  it("they probe the slope as the solver does", async () => {
    const slopes = { response, probes: 8, rounds: 12 };
    const session = await opened(bundle.network, { rule, shape, slopes, sweeps: 2 }, observation);
    const wanted = semilinear({ slope: "calibrated", response, probes: 8, tolerance: 0 });
    const { guess: _, ...warm } = { ...cold, start: (await firstSweeps(wanted, cold))[0].clean };
    const its = await firstSweeps(wanted, warm);
    const found = await firstSweeps(sweepSolver(session, { rule, slopes, response, tolerance: 0 }), warm);
    await session.close();
    for (const [k, { chunk, residual, evaluations }] of found.entries()) {
      expect(distance(chunk, its[k].chunk)).toBeLessThan(ROUNDING);
      expect(residual).toBeCloseTo(its[k].residual, 4);
      expect(evaluations).toBe((k + 1) * (100 + 4 * 8));
    }
  });

  it("they end at the sequential sample", async () => {
    const exact = await solve(sequential(), cold);
    const slopes = { response, probes: 8 };
    const session = await opened(bundle.network, { rule, shape, slopes, sweeps: 2 }, observation);
    const found = await solve(sweepSolver(session, { rule, slopes, response, tolerance: 1e-7 }), cold);
    await session.close();
    expect(found.sweeps).toBeLessThan(20);
    expect(distance(found.chunk, exact.chunk)).toBeLessThan(1e-3);
  });

  it("they share its weights", () => {
    const bytes = (sweeps: number) =>
      composeSweeps(bundle.network, { rule, shape, clip: 1, slopes: { response, probes: 0 }, sweeps }).length;
    expect(bytes(3) - bytes(1)).toBeLessThan(bundle.network.length / 100);
  });

  async function firstSweeps(solver: Solver, problem: Problem): Promise<Iterate[]> {
    const first: Iterate[] = [];
    for await (const iterate of solver(problem)) {
      first.push({ ...iterate, chunk: iterate.chunk.slice(), clean: iterate.clean.slice() });
      if (first.length === 3) break;
    }
    return first;
  }
});

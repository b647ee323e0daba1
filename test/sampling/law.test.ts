import { beforeAll, describe, expect, test } from "vitest";
import { gaussianMixture, type Mode } from "../../src/sampling/analytic.js";
import { type ChunkNoise, drawNoise, GaussianStream } from "../../src/sampling/noise.js";
import { ddpm } from "../../src/sampling/rules/ddpm.js";
import type { Rule } from "../../src/sampling/rules/rule.js";
import { squaredCosine } from "../../src/sampling/schedule.js";
import { anderson } from "../../src/sampling/solvers/anderson.js";
import { parareal } from "../../src/sampling/solvers/parareal.js";
import { picard } from "../../src/sampling/solvers/picard.js";
import { semilinear } from "../../src/sampling/solvers/semilinear.js";
import { sequential } from "../../src/sampling/solvers/sequential.js";
import { lastIterate, type Problem, type Solver } from "../../src/sampling/solvers/solver.js";
import { speculative } from "../../src/sampling/solvers/speculative.js";
import { gaussianResponse } from "./problems.js";
import { kolmogorovSmirnov, kolmogorovTail, twoProportions } from "./two-sample.js";

/*
 * Do the solvers, each with noise of its own, sample the law of the sequential sampler? Two modes of two entries; per
 * solver a Kolmogorov–Smirnov test on each of four projections and a z test on the share of the first mode.
 *
 * Power. With SAMPLES = 28 000 against REFERENCE = 56 000, the share of a mode of 0.6 has a standard error of
 * √(0.24/28 000 + 0.24/56 000) = 0.0036 in the difference. Five tests at a false alarm rate of 1e-3 per solver leave
 * 2e-4 each, 3.72 standard errors: a shift of 0.02, 5.58 standard errors, is found with probability Φ(1.86) = 0.97.
 * The same rate allows distribution functions to be √(ln(2/2e-4)/2 · (1/28 000 + 1/56 000)) = 0.016 apart. A shift of
 * one entry by 0.04, 2 % of the action range, parts them by 0.6·(Φ(0.2) - Φ(-0.2)) = 0.095 around a mode of deviation 0.1,
 * so it cannot be missed; a shift below 0.016 / (0.6·φ(0)/0.1) = 0.007 can.
 */
const SAMPLES = 28_000;
const REFERENCE = 2 * SAMPLES;
const TESTS = 5;
const SIGNIFICANCE = 1e-3 / TESTS;

const schedule = squaredCosine(30);
const rule = ddpm(schedule);
const shape = { horizon: 2, dim: 1 };
const modes = [
  { mean: [0.5, -0.3], weight: 0.6 },
  { mean: [-0.4, 0.2], weight: 0.4 },
];
const mixture = (of: readonly Mode[]) => gaussianMixture(shape, schedule, of, 0.1);
const denoiser = mixture(modes);

/** Makes a chunk from its noise; every law here is that of a sampler under independent noise. */
type Sampler = (noise: ChunkNoise) => Promise<ArrayLike<number>> | ArrayLike<number>;

interface Sample {
  /** Both entries, their sum and their difference. */
  readonly projections: readonly Float64Array[];
  readonly inFirstMode: number;
}

async function draw(sampler: Sampler, count: number, seed: number): Promise<Sample> {
  const stream = new GaussianStream(seed);
  const projections = Array.from({ length: 4 }, () => new Float64Array(count));
  let inFirstMode = 0;
  for (let n = 0; n < count; n++) {
    const [a, b] = Array.from(await sampler(drawNoise(rule.steps, 2, stream)));
    for (const [p, value] of [a, b, a + b, a - b].entries()) projections[p][n] = value;
    // Ten deviations lie between the modes: their difference tells them apart.
    if (a - b > 0.1) inFirstMode += 1;
  }
  return { projections, inFirstMode };
}

/** p of every test that two samples come from one law. */
function compare(a: Sample, b: Sample): number[] {
  const [ofA, ofB] = [a.projections[0].length, b.projections[0].length];
  return [
    ...a.projections.map((values, p) => kolmogorovSmirnov(values, b.projections[p])),
    twoProportions(a.inFirstMode, ofA, b.inFirstMode, ofB),
  ];
}

const by =
  (solver: Solver, changes: Partial<Problem> = {}): Sampler =>
  async (noise) =>
    (await lastIterate(solver, { rule, denoiser, noise, ...changes })).chunk;

/** Every prediction at the first mode: a warm start that is wrong for two chunks out of five. */
const firstMode = Float64Array.from({ length: rule.steps * 2 }, (_, k) => modes[0].mean[k % 2]);

let reference: Sample;
beforeAll(async () => {
  reference = await draw(by(sequential()), REFERENCE, 1);
});

describe("the law of the sequential sampler is that of", () => {
  test.each<[name: string, seed: number, sampler: Sampler]>([
    ["sequential, other noise", 2, by(sequential())],
    ["picard at its default tolerance", 3, by(picard())],
    ["semilinear at its default tolerance", 4, by(semilinear())],
    ["semilinear with a calibrated slope", 9, by(semilinear({ response: gaussianResponse(30, 2, 0.1) }))],
    ["parareal at its default tolerance", 17, by(parareal())],
    ["anderson at its default tolerance", 18, by(anderson())],
    ["speculative", 5, by(speculative())],
    ["speculative, one window over all steps", 6, by(speculative({ window: rule.steps }))],
    ["speculative from a wrong warm start", 7, by(speculative(), { start: firstMode })],
    ["speculative as written below", 8, plainSpeculative()],
  ])("%s", async (_name, seed, sampler) => {
    for (const p of compare(await draw(sampler, SAMPLES, seed), reference)) {
      expect(p).toBeGreaterThan(SIGNIFICANCE);
    }
  });

  test("speculative under a multistep rule, whose sequential law is another", async () => {
    const multistep: Rule = {
      ...rule,
      clean: rule.clean.map((b, i) => (i > 0 ? 1.5 * b : b)),
      previous: rule.clean.map((b, i) => (i > 0 ? -0.5 * b : 0)),
    };
    const samples = [sequential(), speculative({ window: 10 })].map((solver, k) =>
      draw(by(solver, { rule: multistep }), SAMPLES / 2, 9 + k),
    );
    const [a, b] = await Promise.all(samples);
    for (const p of compare(a, b)) expect(p).toBeGreaterThan(SIGNIFICANCE);
  });
});

describe("it is told from that of", () => {
  const [first, second] = modes;
  const uneven = mixture([
    { ...first, weight: 0.62 },
    { ...second, weight: 0.38 },
  ]);
  const right = plainSpeculative();
  const shifted: Sampler = async (noise) => {
    const [a, b] = Array.from(await right(noise));
    return [a + 0.04, b];
  };
  const credulous: Sampler = (noise) =>
    by(speculative())({ ...noise, coins: noise.coins.map(() => Number.MIN_VALUE) });
  const foreseeing: Sampler = (noise) => by(speculative(), { start: noise.steps.map(Math.tanh) })(noise);

  test.each<[name: string, seed: number, sampler: Sampler]>([
    ["a mode whose share is larger by 0.02", 11, by(sequential(), { denoiser: uneven })],
    ["an entry larger by 2 % of its range", 12, shifted],
    ["speculative that lets every draft stand", 13, credulous],
    ["speculative from a start that has seen the noise", 14, foreseeing],
    ["speculative that keeps the noise of a rejected draft", 15, plainSpeculative("no reflection")],
    ["speculative whose drafts have seen their own noise", 16, plainSpeculative("peeks")],
  ])("%s", async (_name, seed, sampler) => {
    const ps = compare(await draw(sampler, SAMPLES, seed), reference);
    expect(Math.min(...ps)).toBeLessThan(SIGNIFICANCE);
  });
});

/**
 * Speculative sampling from its definition, all steps in one window, with none of the solver's code; right, or wrong in
 * one of two ways that are easy to fall into: the noise of a rejected draft is kept as it was, or step i is drafted from
 * the last prediction at x[i+1] in place of that at x[i].
 */
function plainSpeculative(flaw?: "no reflection" | "peeks"): Sampler {
  const { steps, level, state: a, clean: b, noise: s } = rule;
  const x = new Float64Array((steps + 1) * 2);
  const guess = new Float64Array(steps * 2);
  const truth = new Float64Array(steps * 2);
  return ({ initial, steps: z, coins }) => {
    x.set(initial);
    guess.fill(0);
    for (let i = 0; i < steps; ) {
      for (let k = i * 2; k < steps * 2; k++) {
        const step = k >> 1;
        x[k + 2] = a[step] * x[k] + b[step] * guess[k] + s[step] * z[k];
      }
      denoiser.predict(x, level, steps, truth);
      for (let stands = true; stands && i < steps; i++) {
        const k = i * 2;
        const [u, v] = [b[i] * (guess[k] - truth[k]), b[i] * (guess[k + 1] - truth[k + 1])];
        const along = u * z[k] + v * z[k + 1];
        const squares = u * u + v * v;
        stands = s[i] > 0 && coins[i] <= Math.exp(-along / s[i] - squares / (2 * s[i] ** 2));
        if (stands) continue;
        const turn = s[i] > 0 && flaw !== "no reflection" ? (2 * s[i] * along) / squares : 0;
        x[k + 2] -= u + turn * u;
        x[k + 3] -= v + turn * v;
      }
      guess.set(flaw === "peeks" ? truth.subarray(2) : truth);
    }
    return x.subarray(steps * 2);
  };
}

describe("the tests themselves", () => {
  test.each([
    [0.5, 0.9639452],
    [1.358, 0.05],
    [1.949, 0.001],
  ])("Kolmogorov's law has P(K > %d) = %d", (x, p) => {
    expect(kolmogorovTail(x)).toBeCloseTo(p, 4);
  });

  test("a z test of 520 and 480 out of 1000 has p = 0.0736", () => {
    expect(twoProportions(520, 1000, 480, 1000)).toBeCloseTo(0.0736, 4);
  });

  test("sequential samples of different noise disagree as often as p says", () => {
    const size = 500;
    const pairs = REFERENCE / size / 2;
    const block = (n: number): Sample => {
      const projections = reference.projections.map((values) => values.subarray(n * size, (n + 1) * size));
      return { projections, inFirstMode: projections[3].filter((v) => v > 0.1).length };
    };
    const ps = Array.from({ length: pairs }, (_, n) => compare(block(2 * n), block(2 * n + 1)));
    for (let t = 0; t < TESTS; t++) {
      const mean = ps.reduce((sum, p) => sum + p[t], 0) / pairs;
      // Of p uniform on [0, 1]: four standard errors.
      expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * pairs));
    }
    // Of 56 pairs 2.8 raise a false alarm at a rate of 5 %; more than 9 do once in a thousand.
    expect(ps.filter((p) => Math.min(...p) < 0.05 / TESTS).length).toBeLessThanOrEqual(9);
  });
});

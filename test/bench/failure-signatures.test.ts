import { expect, test } from "vitest";
import { failureSignatures } from "../../src/bench/failure-signatures.js";
import { samplerRow } from "./sampler-rows.js";

const difference = (mean: number, standard_error: number) => ({
  score: {
    episodes: 50,
    first_seed: 0,
    mean: 0.9,
    success_rate: 0.7,
    scores: [],
    sweeps_mean: 4,
    evals_mean: 400,
    solve_ms_p50: 100,
    difference: { mean, standard_error },
  },
});

test("more than twice the evaluations for no gain in time is said with both figures", () => {
  const [said, ...more] = failureSignatures(samplerRow());
  expect(said).toBe("4.0 times the sequential evaluations for no gain in time (200 ms against 160 ms)");
  expect(more).toEqual([]);
});

test.each([
  ["a gain in time", { ms_p50: 159 }],
  ["up to twice the evaluations", { evals_mean: 200 }],
  ["sequential sampling itself", { solver: "sequential", unconverged: 1 }],
  ["a drop within two standard errors", { ms_p50: 100, ...difference(-0.02, 0.011) }],
])("%s is no failure", (_what, changes) => {
  expect(failureSignatures(samplerRow(changes))).toEqual([]);
});

test("a solve beyond its bound and a drop in score are said, each for itself", () => {
  const row = samplerRow({ ms_p50: 100, unconverged: 0.25, ...difference(-0.05, 0.01) });
  expect(failureSignatures(row)).toEqual([
    "no convergence within the 100 calls of sequential sampling in 25 % of the solves",
    "a drop in score of 0.050 ± 0.010",
  ]);
});

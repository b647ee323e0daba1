import { expect, test } from "vitest";
import { markdownTable, mergeRows } from "../../src/bench/readme-table.js";
import { comparedTo, type Score } from "../../src/bench/score.js";
import { samplerRow } from "./sampler-rows.js";

const score = (scores: readonly number[]): Score => ({
  episodes: scores.length,
  first_seed: 100,
  mean: scores.reduce((sum, v) => sum + v, 0) / scores.length,
  success_rate: 0.5,
  scores,
  sweeps_mean: 4,
  evals_mean: 400,
  solve_ms_p50: 100,
});

test("a row is one line of as many cells as the heading, with the published figure beside", () => {
  const [heading, rule, line] = markdownTable([samplerRow()]).split("\n");
  const cells = (text: string) => text.split("|").length;
  expect(cells(rule)).toBe(cells(heading));
  expect(cells(line)).toBe(cells(heading));
  expect(line).toContain(
    "| ParaDDPM | ddpm, 100 steps | cold | 23.0 | 25.5 (27) | 400 | 0.0001 | 0.0007 | 200 ms |",
  );
  expect(line).toContain("390");
});

test("what is exact in law has no error, what never arrives says so", () => {
  const law = samplerRow({ error_p50: null, error_p99: null, sweeps_to_tolerance: null });
  expect(markdownTable([law])).toContain("| law |");
  const never = samplerRow({ sweeps_to_tolerance: { mean: Number.NaN, p90: Number.NaN } });
  expect(markdownTable([never])).toContain("| never |");
});

test("of two runs, more states and more episodes win", () => {
  const few = samplerRow({ states: 2, evals_mean: 1, score: score([1, 1, 1]) });
  const many = samplerRow({ states: 9, evals_mean: 2, score: score([1]) });
  for (const runs of [
    [[few], [many]],
    [[many], [few]],
  ]) {
    const [merged] = mergeRows(runs);
    expect(merged).toMatchObject({ states: 9, evals_mean: 2, score: { episodes: 3 } });
  }
});

test("scores are compared seed by seed", () => {
  const { difference } = comparedTo(score([0.9, 0.8, 1]), score([0.8, 0.8, 0.9]));
  expect(difference?.mean).toBeCloseTo(-0.2 / 3, 12);
  expect(difference?.standard_error).toBeCloseTo(1 / 30, 12);
  expect(comparedTo({ ...score([1]), first_seed: 500 }, score([1])).difference).toBeUndefined();
});

import { expect, it } from "vitest";
import { thresholds } from "../../src/optimize/contest.js";

const contests = (...rows: readonly (readonly [number, ...number[]])[]) =>
  rows.map(([count, ...ms]) => ({ rows: count, ms }));

it("lets every graph serve where it is the fastest", () => {
  const measured = contests([1, 1, 0.8, 1.4], [5, 4, 3.9, 3.5], [100, 45, 47, 23]);
  expect(thresholds(measured)).toEqual([1, 1, 5]);
});

it("leaves out a graph that is slower everywhere", () => {
  expect(thresholds(contests([1, 1, 1.1, 1.4], [5, 4, 4.2, 3.5], [100, 45, 47, 23]))).toEqual([1, null, 5]);
  expect(thresholds(contests([1, 1, 1.1], [100, 45, 47]))).toEqual([1, null]);
});

it("does not carry a graph for a gain that is noise", () => {
  expect(thresholds(contests([1, 1, 0.997], [10, 5, 4.99], [100, 45, 44.9]))).toEqual([1, null]);
});

it("lets the original serve between batches of one and the batches that a graph is made for", () => {
  const measured = contests([1, 1, 1.4], [2, 2, 2.2], [5, 4, 3.5], [100, 45, 23]);
  expect(thresholds(measured)).toEqual([1, 5]);
});

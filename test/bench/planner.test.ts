import { expect, test } from "vitest";
import { type PlannerRow, verdictOn } from "../../src/bench/planner.js";

const row = (stride: number, label: string, expected_ms: number, measured_ms: number): PlannerRow => ({
  stride,
  label,
  expected_ms,
  expected_of_calls_ms: expected_ms,
  measured_ms,
  network_ms: measured_ms,
});

test("a verdict holds the first of its stride, which is the planner's choice, against the fastest", () => {
  const rows = [
    row(1, "semilinear", 30, 30),
    row(1, "picard", 60, 80),
    row(8, "semilinear", 40, 66),
    row(8, "picard", 50, 60),
    row(8, "sequential", 90, 90),
  ];
  expect(verdictOn(1, rows)).toEqual({ stride: 1, chosen: "semilinear", fastest: "semilinear", gap: 0 });
  const wrong = verdictOn(8, rows);
  expect(wrong).toMatchObject({ chosen: "semilinear", fastest: "picard" });
  expect(wrong.gap).toBeCloseTo(0.1, 9);
});

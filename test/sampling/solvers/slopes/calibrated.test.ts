import { expect, test } from "vitest";
import { ddpm } from "../../../../src/sampling/rules/ddpm.js";
import { squaredCosine } from "../../../../src/sampling/schedule.js";
import { calibrated } from "../../../../src/sampling/solvers/slopes/calibrated.js";
import { gaussianResponse } from "../../problems.js";

const LEVELS = 50;
const rule = ddpm(squaredCosine(LEVELS));
const slope = () => calibrated(gaussianResponse(LEVELS, 4, 0.2), 4)(rule, 4);

test("what is left goes with the square of a movement that shrinks as Newton's method has it", () => {
  const newton = slope();
  expect(newton.remaining(0.5, 1)).toBeCloseTo(4.2 * 0.25, 9);
  expect(newton.remaining(0.05, 1)).toBeCloseTo(4.2 * 0.0025, 9);
});

test("a movement that shrinks slowly has its geometric series to go", () => {
  const slow = slope();
  slow.remaining(0.05, 0);
  expect(slow.remaining(0.04, 0)).toBeCloseTo(0.04 * 4, 9);
});

test("movements that do not shrink promise nothing, however small they are", () => {
  const stuck = slope();
  stuck.remaining(0.01, 0);
  expect(stuck.remaining(0.01, 0)).toBe(Number.POSITIVE_INFINITY);
  expect(stuck.remaining(0, 0)).toBe(0);
});

test("a movement that is not a number is never small", () => {
  const broken = slope();
  broken.remaining(0.01, 0);
  expect(broken.remaining(Number.NaN, 0)).toBeNaN();
});

import { expect, test } from "vitest";
import { fullGrid, levelGrid } from "../../../src/sampling/grid.js";
import { ddim } from "../../../src/sampling/rules/ddim.js";
import { ddpm } from "../../../src/sampling/rules/ddpm.js";
import { squaredCosine } from "../../../src/sampling/schedule.js";
import { distance } from "../problems.js";

const schedule = squaredCosine(100);
const grids = [
  fullGrid(100),
  ...[2, 10, 15, 25, 50].flatMap((steps) =>
    (["leading", "trailing", "linspace"] as const).map((spacing) => levelGrid(100, { steps, spacing })),
  ),
];

test("at η = 1 is DDPM on every grid: the mean and the variance of the same posterior", () => {
  for (const grid of grids) {
    const [a, b] = [ddim(schedule, { grid, eta: 1 }), ddpm(schedule, grid)];
    for (const row of ["state", "clean", "noise", "deviation"] as const) {
      expect(distance(a[row], b[row])).toBeLessThan(1e-12);
    }
  }
});

test.each([0, 0.6, 1])("at η = %s keeps the law: ᾱ of signal and 1 - ᾱ of noise", (eta) => {
  for (const grid of grids) {
    const rule = ddim(schedule, { grid, eta });
    for (let i = 0; i < rule.steps; i++) {
      const cleaner = i + 1 < rule.steps ? rule.signal[i + 1] : 1;
      // Of x = √ᾱ·x_0 + √(1-ᾱ)·ε and x̂0 = x_0, the step makes √ᾱ'·x_0 and an ε of variance 1 - ᾱ'.
      const signal = rule.state[i] * Math.sqrt(rule.signal[i]) + rule.clean[i];
      const variance = rule.state[i] ** 2 * (1 - rule.signal[i]) + rule.noise[i] ** 2;
      expect(signal).toBeCloseTo(Math.sqrt(cleaner), 13);
      expect(variance).toBeCloseTo(1 - cleaner, 13);
    }
  }
});

test("adds η times the posterior's deviation, which every η states alike", () => {
  for (const eta of [0, 0.3, 1]) {
    const rule = ddim(schedule, { eta });
    expect(
      distance(
        rule.noise,
        rule.deviation.map((v) => eta * v),
      ),
    ).toBeLessThan(1e-13);
    expect(distance(rule.deviation, ddpm(schedule).deviation)).toBe(0);
  }
});

test("returns the last prediction itself, to the last bit, on every grid and at every η", () => {
  for (const grid of grids) {
    for (const eta of [0, 0.6, 1]) {
      const { steps, state, clean, noise } = ddim(schedule, { grid, eta });
      expect([state[steps - 1], clean[steps - 1], noise[steps - 1]]).toEqual([0, 1, 0]);
    }
  }
});

test("at final ᾱ of level 0 stands still on level 0 and keeps its noise from any other", () => {
  const full = ddim(schedule, { final: "first" });
  expect([full.state[99], full.clean[99], full.deviation[99]]).toEqual([1, 0, 0]);
  const grid = levelGrid(100, { steps: 10, spacing: "trailing" });
  const { state, clean } = ddim(schedule, { grid, final: "first" });
  const [noisier, cleaner] = [schedule.signal[9], schedule.signal[0]];
  expect(state[9]).toBeCloseTo(Math.sqrt((1 - cleaner) / (1 - noisier)), 12);
  expect(clean[9]).toBeCloseTo(Math.sqrt(cleaner) - state[9] * Math.sqrt(noisier), 12);
});

test("loses no digits at the noisiest level", () => {
  // From ᾱ = 2.43e-7 to 2.43e-4, in 50 digits.
  const { state, clean } = ddim(schedule);
  expect(state[0]).toBeCloseTo(0.9998786854265733, 15);
  expect(clean[0] / 0.015091131497016).toBeCloseTo(1, 12);
});

test.each([-0.1, 1.1, Number.NaN])("refuses an eta of %s", (eta) => {
  expect(() => ddim(schedule, { eta })).toThrow(`eta lies in [0, 1], not ${eta}`);
});

test("refuses a grid of another schedule", () => {
  expect(() => ddim(squaredCosine(50), { grid: fullGrid(100) })).toThrow("level 99 of a grid lies outside");
});

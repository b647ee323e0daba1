import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkGrid, fullGrid, type GridOptions, levelGrid } from "../../src/sampling/grid.js";

const levels = (options: GridOptions) => Array.from(levelGrid(100, options));

describe("spacing", () => {
  test("leading counts from the clean end and leaves the noisiest levels out", () => {
    expect(levels({ steps: 10, spacing: "leading" })).toEqual([90, 80, 70, 60, 50, 40, 30, 20, 10, 0]);
    expect(levels({ steps: 15, spacing: "leading" })[0]).toBe(84);
  });

  test("leading may be offset", () => {
    expect(levels({ steps: 4, spacing: "leading", offset: 3 })).toEqual([78, 53, 28, 3]);
  });

  test("trailing counts from the noisiest level and leaves the cleanest ones out", () => {
    expect(levels({ steps: 10, spacing: "trailing" })).toEqual([99, 89, 79, 69, 59, 49, 39, 29, 19, 9]);
    expect(levels({ steps: 3, spacing: "trailing" })).toEqual([99, 66, 32]);
  });

  test("linspace takes both ends", () => {
    expect(levels({ steps: 4, spacing: "linspace" })).toEqual([99, 66, 33, 0]);
  });

  test("by DPM-Solver's convention, leading and linspace leave out level 0", () => {
    const convention = "dpm-solver";
    expect(levels({ steps: 4, spacing: "leading", convention })).toEqual([80, 60, 40, 20]);
    expect(levels({ steps: 3, spacing: "linspace", convention })).toEqual([99, 66, 33]);
    expect(levels({ steps: 10, spacing: "trailing", convention })).toEqual(
      levels({ steps: 10, spacing: "trailing" }),
    );
  });

  test("ties go to the even number, as numpy rounds", () => {
    // 97.5 + 92.5 + … of 100: 98, 92, 88, 82 before the 1 that makes levels of them.
    expect(levels({ steps: 40, spacing: "trailing" }).slice(0, 8)).toEqual([99, 97, 94, 91, 89, 87, 84, 81]);
  });
});

describe("a grid", () => {
  test("of as many steps as levels is all levels", () => {
    for (const spacing of ["leading", "trailing", "linspace"] as const) {
      expect(levelGrid(100, { steps: 100, spacing })).toEqual(fullGrid(100));
    }
  });

  test("has the steps it was asked for, strictly from noisy to clean, or is refused", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.record({
          steps: fc.integer({ min: 1, max: 300 }),
          spacing: fc.constantFrom("leading" as const, "trailing" as const, "linspace" as const),
          convention: fc.constantFrom("ddim" as const, "dpm-solver" as const),
        }),
        (count, options) => {
          let grid: Int32Array;
          try {
            grid = levelGrid(count, options);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
            // Whatever spacing is refused, trailing serves any number of steps.
            expect(options.steps > count || options.spacing !== "trailing").toBe(true);
            return;
          }
          expect(grid).toHaveLength(options.steps);
          expect(() => checkGrid(grid, count)).not.toThrow();
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("refuses", () => {
  test.each([0, -1, 1.5, 101, Number.NaN])("%s steps of 100", (steps) => {
    expect(() => levelGrid(100, { steps, spacing: "trailing" })).toThrow(
      `a grid visits between 1 and all 100 levels, not ${steps}`,
    );
  });

  test.each(["leading", "linspace"] as const)("one step of %s spacing, which is the cleanest", (spacing) => {
    expect(() => levelGrid(100, { steps: 1, spacing })).toThrow("take trailing spacing");
    expect(levels({ steps: 1, spacing: "trailing" })).toEqual([99]);
  });

  test.each(["leading", "linspace"] as const)("all levels but level 0 in %s spacing", (spacing) => {
    const convention = "dpm-solver";
    expect(() => levelGrid(100, { steps: 100, spacing, convention })).toThrow(
      "at most 99 levels, not 100; take trailing spacing",
    );
    expect(levels({ steps: 99, spacing, convention })).toEqual(Array.from({ length: 99 }, (_, i) => 99 - i));
  });

  test("an offset beyond the schedule, before it, or between levels", () => {
    const offset = (value: number) => () => levelGrid(100, { steps: 10, spacing: "leading", offset: value });
    expect(offset(10)).toThrow("level 100 of a grid lies outside the schedule's 0 to 99");
    expect(offset(-1)).toThrow("level -1 of a grid lies outside");
    expect(offset(0.5)).toThrow("an offset is a whole number of levels, not 0.5");
  });

  test("an offset of a spacing that has none", () => {
    expect(() => levelGrid(100, { steps: 10, spacing: "trailing", offset: 1 })).toThrow(
      "an offset of 1 needs leading spacing",
    );
  });

  test("levels that do not get cleaner, and none at all", () => {
    expect(() => checkGrid(Int32Array.of(50, 50), 100)).toThrow("level 50 cannot follow 50");
    expect(() => checkGrid(Int32Array.of(50, 60), 100)).toThrow("level 60 cannot follow 50");
    expect(() => checkGrid(new Int32Array(0), 100)).toThrow("at least 1 level");
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StepCount } from "../../src/telemetry/step-count.js";

describe("StepCount", () => {
  it("does not count steps that no action is asked for, however many there are", () => {
    const steps = new StepCount();
    steps.observed(0, 0, true);
    expect(steps.acted(0, 0)).toBe(0);
    for (let step = 1; step < 100_000; step++) steps.observed(0, step, false);
    steps.observed(0, 100_000, true);
    expect(steps.acted(0, 100_000)).toBe(0);
  });

  it("counts the steps that were asked for and got no action, whatever lies between", () => {
    // Of each step: acted in, asked for in vain, or only shown.
    const kinds = fc.array(fc.constantFrom("acted", "silent", "shown"), { maxLength: 60 });
    fc.assert(
      fc.property(kinds, (episode) => {
        const steps = new StepCount();
        let counted = 0;
        ["acted", ...episode, "acted"].forEach((kind, step) => {
          steps.observed(0, step, kind !== "shown");
          if (kind === "acted") counted += steps.acted(0, step);
        });
        expect(counted).toBe(episode.filter((kind) => kind === "silent").length);
      }),
    );
  });

  it("takes a step for unasked that is shown while the action of the one before is still under way", () => {
    const steps = new StepCount();
    steps.observed(0, 0, true);
    steps.observed(0, 1, false);
    expect(steps.acted(0, 0)).toBe(0);
    steps.observed(0, 2, true);
    expect(steps.acted(0, 2)).toBe(0);
  });

  it("counts a step once that is shown first and asked for afterwards", () => {
    const steps = new StepCount();
    steps.observed(0, 0, true);
    steps.acted(0, 0);
    steps.observed(0, 2, false);
    steps.observed(0, 2, true);
    expect(steps.acted(0, 2)).toBe(1);
  });

  it("begins anew with an episode", () => {
    const steps = new StepCount();
    steps.observed(0, 0, true);
    steps.acted(0, 7);
    steps.observed(1, 0, false);
    steps.observed(1, 1, true);
    expect(steps.acted(1, 1)).toBe(0);
    expect(steps.acted(1, 3)).toBe(1);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PatternPlayer } from "../../../src/bench/gpu/call-pattern.js";
import { evenPattern, runnersOf } from "../../../src/bench/gpu/runners.js";
import { loadBundle } from "../../../src/policy/bundle.js";
import type { Denoiser } from "../../../src/sampling/denoiser.js";
import { SHIPPED } from "../../policy/bundles.js";

/** A network on a clock of its own: a call takes one unit, and each of its rows a hundredth. */
function clockwork() {
  let time = 0;
  const calls: number[] = [];
  const denoiser: Denoiser = {
    shape: { horizon: 2, dim: 3 },
    predict(states, levels, rows, out) {
      expect(states.length).toBeGreaterThanOrEqual(rows * 6);
      expect(out.length).toBeGreaterThanOrEqual(rows * 6);
      expect(levels.subarray(0, rows).every((level) => level < 10)).toBe(true);
      calls.push(rows);
      time += 1 + rows / 100;
    },
  };
  return { calls, player: new PatternPlayer(denoiser, 10, () => time) };
}

describe("replaying the calls of a solve", () => {
  test("makes exactly those calls, in order, and times them all", async () => {
    const pattern = fc.array(fc.integer({ min: 1, max: 150 }), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.array(pattern, { minLength: 1, maxLength: 4 }), async (patterns) => {
        const { calls, player } = clockwork();
        for (const each of patterns) {
          const rows = each.reduce((sum, batch) => sum + batch, 0);
          expect(await player.play(each)).toBeCloseTo(each.length + rows / 100, 9);
        }
        expect(calls).toEqual(patterns.flat());
      }),
    );
  });
});

describe("a pattern from mean calls", () => {
  test("is the solve itself where all solves were alike", () => {
    expect(evenPattern({ 1: 3, 35: 1, 139: 2 })).toEqual([139, 139, 35, 1, 1, 1]);
  });

  test("has as many calls as the mean solve, to the next whole one", () => {
    const sizes = fc.uniqueArray(fc.integer({ min: 1, max: 150 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.integer({ min: 1, max: 300 })), (batches, hundredths) => {
        const calls = Object.fromEntries(
          batches.map((batch) => [batch, (hundredths.next().value ?? 1) / 100]),
        );
        const sum = Object.values(calls).reduce((total, count) => total + count, 0);
        const pattern = evenPattern(calls);
        expect(Math.abs(pattern.length - sum)).toBeLessThanOrEqual(0.5 + 1e-9);
        expect(batches).toEqual(expect.arrayContaining([...pattern]));
      }),
    );
  });

  test("is there for everything that is measured of the shipped policy", async () => {
    const runners = runnersOf(await loadBundle(SHIPPED));
    const named = runners.map(({ name, start, stride }) => `${name}, ${start} ${stride ?? ""}`.trim());
    expect(new Set(named)).toEqual(
      new Set([
        "DDPM-100, cold",
        "DDIM-10, cold",
        "ParaDDPM, cold",
        "semilinear calibrated, cold",
        "semilinear calibrated, warm 8",
        "semilinear calibrated, warm 1",
      ]),
    );
    const length = (name: string) => runners.find((runner) => runner.name === name)?.recorded?.length;
    expect(length("DDPM-100")).toBe(100);
    expect(length("DDIM-10")).toBe(10);
    for (const { recorded } of runners) expect(recorded?.length).toBeGreaterThan(0);
  });
});

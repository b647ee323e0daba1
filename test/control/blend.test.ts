import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BlendKind, blendWeight } from "../../src/control/blend.js";

const kinds = fc.constantFrom<BlendKind>("none", "linear", "quintic");

test("nothing of the new chunk up to the seam, nothing else from the last blended step on", () => {
  fc.assert(
    fc.property(kinds, fc.nat(50), fc.nat(50), (kind, steps, more) => {
      expect(blendWeight(kind, -more, steps)).toBe(0);
      expect(blendWeight(kind, Math.max(1, steps) + more, steps)).toBe(1);
    }),
  );
});

test("the new chunk has a share in every step after the seam, and it only grows", () => {
  fc.assert(
    fc.property(kinds, fc.integer({ min: 1, max: 100 }), (kind, steps) => {
      for (let k = 1; k <= steps; k++) {
        expect(blendWeight(kind, k, steps)).toBeGreaterThan(0);
        expect(blendWeight(kind, k, steps)).toBeGreaterThanOrEqual(blendWeight(kind, k - 1, steps));
      }
    }),
  );
});

test("the old plan leaves as the new one comes", () => {
  fc.assert(
    fc.property(
      fc.constantFrom<BlendKind>("linear", "quintic"),
      fc.integer({ min: 1, max: 100 }),
      (kind, n) => {
        for (let k = 0; k <= n; k++) {
          expect(blendWeight(kind, k, n) + blendWeight(kind, n - k, n)).toBeCloseTo(1, 12);
        }
      },
    ),
  );
});

test("without blending the new chunk is followed from the first step on", () => {
  expect(blendWeight("none", 1, 8)).toBe(1);
  expect(blendWeight("quintic", 1, 0)).toBe(1);
});

test("linear weights are evenly spaced", () => {
  expect([1, 2, 3].map((k) => blendWeight("linear", k, 4))).toEqual([0.25, 0.5, 0.75]);
});

describe("quintic weights", () => {
  const STEPS = 1000;
  const weight = (k: number) => blendWeight("quintic", k, STEPS);

  test("begin and end with neither velocity nor acceleration", () => {
    for (const seam of [0, STEPS]) {
      const velocity = (weight(seam + 1) - weight(seam - 1)) * (STEPS / 2);
      const acceleration = (weight(seam + 1) - 2 * weight(seam) + weight(seam - 1)) * STEPS ** 2;
      expect(Math.abs(velocity)).toBeLessThan(1e-4);
      expect(Math.abs(acceleration)).toBeLessThan(0.02);
    }
  });

  test("are as steep as the quintic is, and no steeper", () => {
    const steepest = Math.max(
      ...Array.from({ length: STEPS }, (_, k) => (weight(k + 1) - weight(k)) * STEPS),
    );
    expect(steepest).toBeCloseTo(15 / 8, 3);
  });
});

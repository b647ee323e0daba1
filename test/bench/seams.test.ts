import { expect, test } from "vitest";
import { measureSeams } from "../../src/bench/seams.js";
import type { TickRecord } from "../../src/telemetry/loop-event.js";

/** Ticks of one robot whose plan says `ahead` at each step; a new order where it says so. */
function ticks(
  ...steps: readonly { readonly order: number; readonly ahead: readonly number[] }[]
): TickRecord[] {
  return steps.map(
    ({ order, ahead }, step) =>
      ({
        kind: "tick",
        robot: "arm",
        episode: 0,
        step,
        action: Float32Array.of(ahead[0]),
        ahead: Float32Array.from(ahead),
        plan: { order },
      }) as unknown as TickRecord,
  );
}

test("a chunk that goes on as the one before would have makes no jump", () => {
  const smooth = ticks(
    { order: 1, ahead: [0, 1, 2, 3] },
    { order: 1, ahead: [1, 2, 3] },
    { order: 2, ahead: [2, 3, 4, 5] },
    { order: 2, ahead: [3, 4, 5] },
  );
  expect(measureSeams(smooth, 10)).toMatchObject({ seams: 1, jump: { mean: 0 }, worst_in_seam: { mean: 0 } });
});

test("a jump is the velocity that the old plan would not have had, per second", () => {
  const jumping = ticks(
    { order: 1, ahead: [0, 1, 2, 3] },
    { order: 1, ahead: [1, 2, 3] },
    { order: 2, ahead: [5, 6, 7] },
    { order: 2, ahead: [6, 7] },
  );
  // 3 units beyond what was planned within a tenth of a second; then back from 4 a step to 1.
  expect(measureSeams(jumping, 10)).toMatchObject({
    seams: 1,
    jump: { mean: 30 },
    worst_in_seam: { mean: 30 },
  });
});

test("steps that do not follow each other are not compared", () => {
  const [a, b, c] = ticks(
    { order: 1, ahead: [0, 1] },
    { order: 1, ahead: [1, 2] },
    { order: 2, ahead: [9, 9] },
  );
  expect(measureSeams([a, b, { ...c, episode: 1 }], 10).seams).toBe(0);
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coverage, GOAL, intersectionArea } from "../../../sim/pusht/coverage.js";
import { Quad } from "../../../sim/pusht/shapes.js";
import { BAR, STEM } from "../../../sim/pusht/tee.js";

const AT_REST = { vx: 0, vy: 0 };

function quad(local: readonly number[], x: number, y: number, angle: number): Quad {
  const placed = new Quad(0, local, AT_REST);
  placed.place(x, y, Math.cos(angle), Math.sin(angle));
  return placed;
}

/** Coverage of a block shifted by (dx, dy) in the goal's own frame and turned by `turn`. */
function shifted(dx: number, dy: number, turn = 0): number {
  const cos = Math.cos(GOAL.angle);
  const sin = Math.sin(GOAL.angle);
  const x = GOAL.x + cos * dx - sin * dy;
  const y = GOAL.y + sin * dx + cos * dy;
  return coverage(quad(BAR, x, y, GOAL.angle + turn), quad(STEM, x, y, GOAL.angle + turn));
}

describe("coverage", () => {
  it("is 1 on the goal and 0 far from it", () => {
    expect(shifted(0, 0)).toBeCloseTo(1, 13);
    expect(shifted(300, 0)).toBe(0);
  });

  it.each([1, 10, 29])("follows the overlap of a block shifted by %s px along the bar", (d) => {
    expect(shifted(d, 0)).toBeCloseTo(((120 - d) * 30 + (30 - d) * 90) / 6300, 12);
    expect(shifted(-d, 0)).toBeCloseTo(shifted(d, 0), 12);
  });

  it.each([1, 10, 29])("follows the overlap of a block shifted by %s px along the stem", (d) => {
    expect(shifted(0, d)).toBeCloseTo((120 * (30 - d) + 30 * (90 - d) + 30 * d) / 6300, 12);
  });

  it("leaves the bars' edge and nothing else when the block is turned over", () => {
    expect(shifted(0, 0, Math.PI)).toBeCloseTo(0, 12);
    expect(shifted(0, 30, Math.PI)).toBeCloseTo((120 * 30) / 6300, 12);
  });
});

describe("intersectionArea", () => {
  const square = [-10, -10, 10, -10, 10, 10, -10, 10];

  it("finds the octagon of two crossed squares", () => {
    const side = 20;
    const octagon = 2 * (Math.SQRT2 - 1) * side * side;
    expect(intersectionArea(quad(square, 0, 0, 0), quad(square, 0, 0, Math.PI / 4))).toBeCloseTo(octagon, 11);
  });

  it("does not depend on which of the two is clipped, and stays within both", () => {
    const place = fc.record({
      x: fc.double({ min: -60, max: 60, noNaN: true }),
      y: fc.double({ min: -60, max: 60, noNaN: true }),
      angle: fc.double({ min: -4, max: 4, noNaN: true }),
    });
    fc.assert(
      fc.property(place, place, (p, q) => {
        const bar = quad(BAR, p.x, p.y, p.angle);
        const other = quad(square, q.x, q.y, q.angle);
        const area = intersectionArea(bar, other);
        expect(area).toBeCloseTo(intersectionArea(other, bar), 9);
        expect(area).toBeGreaterThanOrEqual(-1e-9);
        expect(area).toBeLessThanOrEqual(400 + 1e-9);
      }),
    );
  });
});

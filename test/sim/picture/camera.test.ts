import { expect, it } from "vitest";
import type { Point } from "../../../sim/arm/pose.js";
import type { Shape } from "../../../sim/mujoco/shape.js";
import { Camera } from "../../../sim/picture/camera.js";
import { facetsOf } from "../../../sim/picture/facets.js";
import { cross, dot, minus } from "../../../sim/picture/vector.js";

it("sees what it looks at in the middle, what is right on the right, and what is high above it", () => {
  const camera = new Camera({ from: [2, 0, 1], to: [0, 0, 1], fieldOfView: Math.PI / 2 }, 512);
  const places: [Point, x: number, y: number][] = [
    [[0, 0, 1], 256, 256],
    // It looks along -x with z up: +y is on its right, and at 45° the edge of the picture.
    [[0, 2, 1], 512, 256],
    [[0, 0, 3], 256, 0],
  ];
  for (const [point, x, y] of places) {
    const seen = camera.see(point);
    expect(seen.x).toBeCloseTo(x, 9);
    expect(seen.y).toBeCloseTo(y, 9);
    expect(seen.depth).toBeCloseTo(2, 9);
  }
});

const AT: Point = [0.3, -0.2, 0.5];
// A quarter turn about z.
const ROTATION = [0, -1, 0, 1, 0, 0, 0, 0, 1];

it.each(["sphere", "capsule", "cylinder", "box"] as const)(
  "the surface of a %s is closed, about where it stands, and faces outwards",
  (kind) => {
    const size: Point = [0.1, 0.2, 0.3];
    const shape: Shape = { kind, size, position: AT, rotation: ROTATION, rgb: [1, 1, 1], isFixed: false };
    const area: [number, number, number] = [0, 0, 0];
    for (const [a, b, c, d] of facetsOf(shape)) {
      const normal = cross(minus(c, a), minus(d, b));
      normal.forEach((part, k) => {
        area[k] += part / 2;
      });
      expect(dot(normal, minus(a, AT))).toBeGreaterThanOrEqual(-1e-12);
    }
    // Of a closed surface the areas cancel out.
    for (const part of area) expect(part).toBeCloseTo(0, 12);
  },
);

import { Quad } from "./shapes.js";
import { BAR, STEM, TEE_AREA } from "./tee.js";

/** Where the block's frame should end up: x, y in pixels and angle in radians. */
export const GOAL = { x: 256, y: 256, angle: Math.PI / 4 } as const;

const AT_REST = { vx: 0, vy: 0 };
const goalQuads = [new Quad(0, BAR, AT_REST), new Quad(1, STEM, AT_REST)];
for (const quad of goalQuads) quad.place(GOAL.x, GOAL.y, Math.cos(GOAL.angle), Math.sin(GOAL.angle));

/**
 * The share of the goal T that the block covers, from 0 to 1. A T is two rectangles that do not overlap, so the
 * four intersections of rectangles add up.
 *
 * @param bar the block's placed bar
 * @param stem the block's placed stem
 */
export function coverage(bar: Quad, stem: Quad): number {
  let covered = 0;
  for (const goal of goalQuads) {
    covered += intersectionArea(bar, goal) + intersectionArea(stem, goal);
  }
  return covered / TEE_AREA;
}

// Clipping a quadrilateral by four half-planes leaves at most eight vertices.
let inside = new Float64Array(16);
let clipped = new Float64Array(16);

/** Area common to two rectangles in square pixels, by Sutherland-Hodgman clipping. */
export function intersectionArea(subject: Quad, clip: Quad): number {
  inside.set(subject.vertices);
  let length = 8;
  for (let edge = 0; edge < 8 && length > 0; edge += 2) {
    const { vertices, normals } = clip;
    const nx = normals[edge];
    const ny = normals[edge + 1];
    const offset = nx * vertices[edge] + ny * vertices[edge + 1];
    let kept = 0;
    let x0 = inside[length - 2];
    let y0 = inside[length - 1];
    let outward0 = nx * x0 + ny * y0 - offset;
    for (let i = 0; i < length; i += 2) {
      const x1 = inside[i];
      const y1 = inside[i + 1];
      const outward1 = nx * x1 + ny * y1 - offset;
      if (outward0 * outward1 < 0) {
        const t = outward0 / (outward0 - outward1);
        clipped[kept++] = x0 + t * (x1 - x0);
        clipped[kept++] = y0 + t * (y1 - y0);
      }
      if (outward1 <= 0) {
        clipped[kept++] = x1;
        clipped[kept++] = y1;
      }
      x0 = x1;
      y0 = y1;
      outward0 = outward1;
    }
    [inside, clipped] = [clipped, inside];
    length = kept;
  }
  return shoelace(inside, length);
}

/** Area of the polygon in the first `length` numbers (x0, y0, x1, y1, ...), measured from its first vertex to keep digits. */
function shoelace(polygon: Float64Array, length: number): number {
  const originX = polygon[0];
  const originY = polygon[1];
  let doubled = 0;
  for (let i = 2; i + 3 < length; i += 2) {
    doubled +=
      (polygon[i] - originX) * (polygon[i + 3] - originY) -
      (polygon[i + 2] - originX) * (polygon[i + 1] - originY);
  }
  return doubled / 2;
}

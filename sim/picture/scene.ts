import type { Point } from "../arm/pose.js";
import type { Shape } from "../mujoco/shape.js";
import { short } from "../svg.js";
import type { Camera, ImagePoint } from "./camera.js";
import { type Facet, facetsOf } from "./facets.js";
import { cross, dot, minus, unit } from "./vector.js";

/** Towards the light. */
const LIGHT = unit([0.35, -0.5, 1]);
/** Of a face that the light does not reach. */
const AMBIENT = 0.52;

/**
 * Draws shapes as the camera sees them, the farther ones first (painter's algorithm). What never moves is drawn before
 * what does, and so never hides it: a camera has to look from above, and from the side on which nothing stands in its way.
 */
export function drawShapes(shapes: readonly Shape[], camera: Camera, shadowPlane: number): string {
  const fixed = shapes.filter(({ isFixed }) => isFixed);
  const moving = shapes.filter(({ isFixed }) => !isFixed);
  return [painted(fixed, camera), shadow(moving, camera, shadowPlane), painted(moving, camera)].join("");
}

function painted(shapes: readonly Shape[], camera: Camera): string {
  const visible = shapes.flatMap((shape) =>
    facetsOf(shape).flatMap((facet) => {
      const normal = normalOf(facet);
      if (!normal || dot(normal, minus(facet[0], camera.from)) >= 0) return [];
      const corners = facet.map((point) => camera.see(point));
      const depth = corners.reduce((sum, corner) => sum + corner.depth, 0) / corners.length;
      return [{ corners, depth, paint: shaded(shape.rgb, normal) }];
    }),
  );
  visible.sort((a, b) => b.depth - a.depth);
  // The stroke in the fill's colour closes the hairlines between neighbours.
  return visible
    .map(
      ({ corners, paint }) =>
        `<path d="${outline(corners)}" fill="${paint}" stroke="${paint}" stroke-width="1"/>`,
    )
    .join("");
}

/** One path for all, so that shadows which overlap do not darken each other. */
function shadow(shapes: readonly Shape[], camera: Camera, plane: number): string {
  const cast = ([x, y, z]: Point): Point => {
    const way = (z - plane) / LIGHT[2];
    return [x - way * LIGHT[0], y - way * LIGHT[1], plane];
  };
  const hulls = shapes.map((shape) =>
    hull(
      facetsOf(shape)
        .flat()
        .map((point) => camera.see(cast(point))),
    ),
  );
  return `<g clip-path="url(#shadowed)"><path d="${hulls.map(outline).join("")}" fill="#000" fill-opacity="0.2"/></g>`;
}

function outline(corners: readonly { readonly x: number; readonly y: number }[]): string {
  return `M${corners.map(({ x, y }) => `${short(x)} ${short(y)}`).join("L")}Z`;
}

/** Convex hull, always the same way round (Andrew's monotone chain). */
function hull(points: readonly ImagePoint[]): ImagePoint[] {
  const sorted = points.toSorted((a, b) => a.x - b.x || a.y - b.y);
  const half = (order: readonly ImagePoint[]) => {
    const chain: ImagePoint[] = [];
    for (const point of order) {
      while (chain.length > 1 && turn(chain[chain.length - 2], chain[chain.length - 1], point) <= 0)
        chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.toReversed())];
}

function turn(a: ImagePoint, b: ImagePoint, c: ImagePoint): number {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

/** Of the diagonals, because at a pole two corners are one; nothing where the facet has no area. */
function normalOf([a, b, c, d]: Facet): Point | undefined {
  const across = cross(minus(c, a), minus(d, b));
  return Math.hypot(...across) > 1e-12 ? unit(across) : undefined;
}

function shaded(rgb: Point, normal: Point): string {
  const light = AMBIENT + (1 - AMBIENT) * Math.max(0, dot(normal, LIGHT));
  return `#${rgb.map((part) => hex(255 * part * light)).join("")}`;
}

function hex(value: number): string {
  return Math.round(Math.min(255, value)).toString(16).padStart(2, "0");
}

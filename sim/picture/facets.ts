import type { Point } from "../arm/pose.js";
import type { Shape } from "../mujoco/shape.js";

/** A flat piece of a surface, counterclockwise seen from outside. */
export type Facet = readonly Point[];

const SIDES = 16;
/** Rings of a hemisphere. */
const RINGS = 4;
/** Larger pieces could not be sorted by their distance from the camera. */
const LARGEST = 0.12;

/** The surface of a shape in the world, in pieces. */
export function facetsOf({ kind, size, position, rotation }: Shape): Facet[] {
  const place = ([x, y, z]: Point): Point => [
    position[0] + rotation[0] * x + rotation[1] * y + rotation[2] * z,
    position[1] + rotation[3] * x + rotation[4] * y + rotation[5] * z,
    position[2] + rotation[6] * x + rotation[7] * y + rotation[8] * z,
  ];
  const local = kind === "box" ? box(size) : turned(profile(kind, size));
  return local.map((facet) => facet.map(place));
}

function box([a, b, c]: Point): Facet[] {
  const axes = [0, 1, 2] as const;
  const half: Point = [a, b, c];
  return axes.flatMap((axis) => [1, -1].flatMap((side) => tiles(half, axis, side)));
}

/** One face of a box, across `axis`. */
function tiles(half: Point, axis: 0 | 1 | 2, side: number): Facet[] {
  const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
  const count = (k: number) => Math.max(1, Math.ceil((2 * half[k]) / LARGEST));
  const at = (i: number, j: number): Point => {
    const point = [0, 0, 0];
    point[axis] = side * half[axis];
    point[u] = half[u] * ((2 * i) / count(u) - 1);
    point[v] = half[v] * ((2 * j) / count(v) - 1);
    return point as unknown as Point;
  };
  const facets: Facet[] = [];
  for (let i = 0; i < count(u); i++) {
    for (let j = 0; j < count(v); j++) {
      const facet = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)];
      facets.push(side > 0 ? facet : facet.reverse());
    }
  }
  return facets;
}

/** Radius and height along the axis, from the bottom to the top. */
type Profile = readonly (readonly [radius: number, z: number])[];

function profile(kind: "capsule" | "cylinder" | "sphere", [radius, half]: Point): Profile {
  const middle = kind === "sphere" ? 0 : half;
  const wall = [-middle, middle].map((z) => [radius, z] as const);
  if (kind === "cylinder") return [[0, -half], ...wall, [0, half]];
  const cap = Array.from({ length: RINGS }, (_, k) => {
    const angle = (Math.PI / 2) * (1 - k / RINGS);
    return [radius * Math.cos(angle), middle + radius * Math.sin(angle)] as const;
  });
  const bottom = cap.map(([r, z]) => [r, -z] as const);
  return [...bottom, ...wall, ...cap.toReversed()];
}

/** The surface that a profile sweeps about its axis. */
function turned(outline: Profile): Facet[] {
  const point = ([radius, z]: readonly [number, number], k: number): Point => {
    const angle = (2 * Math.PI * k) / SIDES;
    return [radius * Math.cos(angle), radius * Math.sin(angle), z];
  };
  const facets: Facet[] = [];
  for (let ring = 0; ring + 1 < outline.length; ring++) {
    for (let k = 0; k < SIDES; k++) {
      const [low, high] = [outline[ring], outline[ring + 1]];
      if (low[0] === high[0] && low[1] === high[1]) continue;
      facets.push([point(low, k), point(low, k + 1), point(high, k + 1), point(high, k)]);
    }
  }
  return facets;
}

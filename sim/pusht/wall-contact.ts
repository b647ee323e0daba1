import type { ContactSet } from "./contacts.js";
import type { Quad, Wall } from "./shapes.js";

/** Keeps a division finite where an edge has no extent along the contact: the smallest normal double. */
const TINY = 2.2250738585072014e-308;

/** Fills `out` with the contact of a wall and a rectangle: up to two points where their facing edges overlap. */
export function wallToQuad(wall: Wall, quad: Quad, out: ContactSet): void {
  out.count = 0;
  const distance = separateAlongNormals(wall, quad, out);
  if (distance > wall.radius) return;
  if (distance > 0 && separateCorners(wall, quad, out) > wall.radius) return;
  clip(wall, quad, out);
}

/** Sets `out`'s normal to the face normal, of wall or rectangle, that separates them most; returns the signed distance. */
function separateAlongNormals(wall: Wall, quad: Quad, out: ContactSet): number {
  const { vertices, normals } = quad;
  const { ax, ay, bx, by } = wall;
  let nearest = Infinity;
  let farthest = -Infinity;
  for (let i = 0; i < 8; i += 2) {
    const side = wall.dy * (vertices[i] - ax) - wall.dx * (vertices[i + 1] - ay);
    if (side < nearest) nearest = side;
    if (side > farthest) farthest = side;
  }
  let distance = nearest;
  out.nx = wall.dy;
  out.ny = -wall.dx;
  if (-farthest > distance) {
    distance = -farthest;
    out.nx = -wall.dy;
    out.ny = wall.dx;
  }
  for (let i = 0; i < 8; i += 2) {
    const nx = normals[i];
    const ny = normals[i + 1];
    const outwardA = nx * (ax - vertices[i]) + ny * (ay - vertices[i + 1]);
    const outwardB = nx * (bx - vertices[i]) + ny * (by - vertices[i + 1]);
    const outward = Math.min(outwardA, outwardB);
    if (outward > distance) {
      distance = outward;
      out.nx = -nx;
      out.ny = -ny;
    }
  }
  return distance;
}

/** Where an end of the wall and a corner of the rectangle are closest, turns `out`'s normal along their line; returns their distance, else 0. */
function separateCorners(wall: Wall, quad: Quad, out: ContactSet): number {
  const { vertices } = quad;
  for (let end = -1; end <= 1; end += 2) {
    const ex = end < 0 ? wall.ax : wall.bx;
    const ey = end < 0 ? wall.ay : wall.by;
    for (let i = 0; i < 8; i += 2) {
      const x = vertices[i] - ex;
      const y = vertices[i + 1] - ey;
      if (end * (x * wall.dx + y * wall.dy) <= 0) continue;
      const next = (i + 2) % 8;
      const previous = (i + 6) % 8;
      const towardNext = (vertices[next] - vertices[i]) * x + (vertices[next + 1] - vertices[i + 1]) * y;
      const towardPrevious =
        (vertices[previous] - vertices[i]) * x + (vertices[previous + 1] - vertices[i + 1]) * y;
      if (towardNext < 0 || towardPrevious < 0) continue;
      const distance = Math.sqrt(x * x + y * y);
      out.nx = x / distance;
      out.ny = y / distance;
      return distance;
    }
  }
  return 0;
}

/** Adds the points where the wall's edge and the rectangle's facing edge lie within the wall's thickness. */
function clip(wall: Wall, quad: Quad, out: ContactSet): void {
  const { vertices, normals } = quad;
  const { nx, ny } = out;
  const forward = wall.dy * nx - wall.dx * ny > 0;
  const wax = forward ? wall.ax : wall.bx;
  const way = forward ? wall.ay : wall.by;
  const wbx = forward ? wall.bx : wall.ax;
  const wby = forward ? wall.by : wall.ay;

  let support = 0;
  let deepest = -Infinity;
  for (let i = 0; i < 8; i += 2) {
    const depth = -(vertices[i] * nx + vertices[i + 1] * ny);
    if (depth > deepest) {
      deepest = depth;
      support = i;
    }
  }
  const before = (support + 6) % 8;
  const facingBefore = -(normals[before] * nx + normals[before + 1] * ny);
  const facingAfter = -(normals[support] * nx + normals[support + 1] * ny);
  const qa = facingBefore > facingAfter ? before : support;
  const qb = (qa + 2) % 8;
  const qax = vertices[qa];
  const qay = vertices[qa + 1];
  const qbx = vertices[qb];
  const qby = vertices[qb + 1];

  const alongWa = wax * ny - way * nx;
  const alongWb = wbx * ny - wby * nx;
  const alongQa = qax * ny - qay * nx;
  const alongQb = qbx * ny - qby * nx;
  const perWall = 1 / (alongWb - alongWa + TINY);
  const perQuad = 1 / (alongQb - alongQa + TINY);
  // Each candidate's identity is the wall end and the rectangle's vertex it pairs.
  for (let candidate = 0; candidate < 2; candidate++) {
    const wallEndA = candidate === 0;
    const w = clamp01(((wallEndA ? alongQb : alongQa) - alongWa) * perWall);
    const q = clamp01(((wallEndA ? alongWa : alongWb) - alongQa) * perQuad);
    const p1x = wax * (1 - w) + wbx * w + wall.radius * nx;
    const p1y = way * (1 - w) + wby * w + wall.radius * ny;
    const p2x = qax * (1 - q) + qbx * q;
    const p2y = qay * (1 - q) + qby * q;
    if ((p2x - p1x) * nx + (p2y - p1y) * ny > 0) continue;
    const wallEnd = wallEndA === forward ? 0 : 1;
    out.add(p1x, p1y, p2x, p2y, wallEnd * 8 + (wallEndA ? qb : qa));
  }
}

function clamp01(value: number): number {
  return Math.max(0, Math.min(value, 1));
}

import type { ContactSet } from "./contacts.js";
import type { Disc, Quad } from "./shapes.js";

/** Fills `out` with the contact of a disc and a rectangle: at most one point. */
export function discToQuad(disc: Disc, quad: Quad, out: ContactSet): void {
  const { vertices, normals } = quad;
  const { x, y, radius } = disc;
  out.count = 0;
  let distance = -Infinity;
  let edge = 0;
  for (let i = 0; i < 8; i += 2) {
    const outward = normals[i] * (x - vertices[i]) + normals[i + 1] * (y - vertices[i + 1]);
    if (outward > distance) {
      distance = outward;
      edge = i;
    }
  }
  if (distance > radius) return;
  out.nx = -normals[edge];
  out.ny = -normals[edge + 1];
  let px = x + distance * out.nx;
  let py = y + distance * out.ny;
  if (distance > 0) {
    // In a rectangle the nearest corner always belongs to the edge of largest outward distance.
    const vertex = cornerBeyond(vertices, edge, px, py);
    if (vertex >= 0) {
      px = vertices[vertex];
      py = vertices[vertex + 1];
      distance = Math.sqrt((px - x) * (px - x) + (py - y) * (py - y));
      if (distance > radius) return;
      out.nx = (px - x) / distance;
      out.ny = (py - y) / distance;
    }
  }
  out.add(x + radius * out.nx, y + radius * out.ny, px, py, 0);
}

/** The end of an edge that a point on its line lies at or beyond, or -1 for a point inside the edge. */
function cornerBeyond(vertices: Float64Array, edge: number, px: number, py: number): number {
  const next = (edge + 2) % 8;
  const ex = vertices[next] - vertices[edge];
  const ey = vertices[next + 1] - vertices[edge + 1];
  const along = (px - vertices[edge]) * ex + (py - vertices[edge + 1]) * ey;
  if (along <= 0) return edge;
  return along >= ex * ex + ey * ey ? next : -1;
}

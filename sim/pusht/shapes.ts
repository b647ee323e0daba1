import type { Box } from "./box.js";

/** Linear velocity in pixels per second. */
export interface Velocity {
  vx: number;
  vy: number;
}

const AT_REST: Velocity = { vx: 0, vy: 0 };

/** The agent's outline: a disc. */
export class Disc {
  readonly kind = "disc";
  readonly index = 0;
  readonly box: Box = { minX: 0, minY: 0, maxX: 0, maxY: 0 };
  x = 0;
  y = 0;

  constructor(
    readonly radius: number,
    readonly velocity: Velocity,
  ) {}

  place(x: number, y: number): void {
    this.x = x;
    this.y = y;
    this.box.minX = x - this.radius;
    this.box.maxX = x + this.radius;
    this.box.minY = y - this.radius;
    this.box.maxY = y + this.radius;
  }
}

/** A static wall: the segment a-b thickened by `radius` on every side. */
export class Wall {
  readonly kind = "wall";
  readonly velocity = AT_REST;
  readonly box: Box;
  /** Unit vector from a to b. */
  readonly dx: number;
  readonly dy: number;

  constructor(
    readonly index: number,
    readonly ax: number,
    readonly ay: number,
    readonly bx: number,
    readonly by: number,
    readonly radius: number,
  ) {
    const length = Math.hypot(bx - ax, by - ay);
    this.dx = (bx - ax) / length;
    this.dy = (by - ay) / length;
    this.box = {
      minX: Math.min(ax, bx) - radius,
      minY: Math.min(ay, by) - radius,
      maxX: Math.max(ax, bx) + radius,
      maxY: Math.max(ay, by) + radius,
    };
  }
}

/**
 * A rectangle fixed in the block's frame. Vertices run with positive shoelace area; edge i goes from vertex i
 * to vertex i + 1 and `normals` holds its outward unit normal, both flat as x0, y0, x1, y1, ...
 */
export class Quad {
  readonly kind = "quad";
  readonly vertices = new Float64Array(8);
  readonly normals = new Float64Array(8);
  readonly box: Box = { minX: 0, minY: 0, maxX: 0, maxY: 0 };
  readonly #localNormals = new Float64Array(8);

  constructor(
    readonly index: number,
    readonly local: readonly number[],
    readonly velocity: Velocity,
  ) {
    for (let i = 0; i < 8; i += 2) {
      const j = (i + 2) % 8;
      const ex = local[j] - local[i];
      const ey = local[j + 1] - local[i + 1];
      const length = Math.hypot(ex, ey);
      this.#localNormals[i] = ey / length;
      this.#localNormals[i + 1] = -ex / length;
    }
  }

  /** Moves the rectangle's frame to origin (x, y), turned by the angle with this cosine and sine. */
  place(x: number, y: number, cos: number, sin: number): void {
    const { local, vertices, normals, box } = this;
    const localNormals = this.#localNormals;
    let minX = Infinity;
    let minY = Infinity;
    let maxX = -Infinity;
    let maxY = -Infinity;
    for (let i = 0; i < 8; i += 2) {
      const vx = cos * local[i] - sin * local[i + 1] + x;
      const vy = sin * local[i] + cos * local[i + 1] + y;
      vertices[i] = vx;
      vertices[i + 1] = vy;
      normals[i] = cos * localNormals[i] - sin * localNormals[i + 1];
      normals[i + 1] = sin * localNormals[i] + cos * localNormals[i + 1];
      if (vx < minX) minX = vx;
      if (vx > maxX) maxX = vx;
      if (vy < minY) minY = vy;
      if (vy > maxY) maxY = vy;
    }
    box.minX = minX;
    box.minY = minY;
    box.maxX = maxX;
    box.maxY = maxY;
  }
}

export type Shape = Disc | Wall | Quad;

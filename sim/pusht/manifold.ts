import { ContactPoint, type ContactSet } from "./contacts.js";
import type { Velocity } from "./shapes.js";
import { MASS, MOMENT_OF_INERTIA } from "./tee.js";

/** Substeps a record outlives its last touch. */
const PERSISTENCE = 3;
/** Overlap left uncorrected, in pixels; a float32 constant in the reference, and so is the base of the bias rate. */
const SLOP = Math.fround(0.1);
const BIAS_BASE = Math.fround(0.9) ** 60;

/** The block as the solver sees it: a rigid body with a second, position-correcting velocity. */
export interface Body extends Velocity {
  /** Centre of gravity, pixels. */
  x: number;
  y: number;
  /** Angular velocity, radians per second. */
  w: number;
  biasVx: number;
  biasVy: number;
  biasW: number;
}

class SolverPoint extends ContactPoint {
  /** Torque arm: moment about the centre of gravity of a unit impulse along the normal. */
  arm = 0;
  effectiveMass = 0;
  biasVelocity = 0;
  biasImpulse = 0;
  impulse = 0;
}

/**
 * The persistent record of one touching pair: a frictionless, perfectly inelastic contact solved by sequential
 * impulses (Catto 2005, as in Chipmunk 7).
 */
export class Manifold {
  #nx = 0;
  #ny = 0;
  #count = 0;
  readonly #points: readonly [SolverPoint, SolverPoint] = [new SolverPoint(), new SolverPoint()];
  #touchedAt = -Infinity;
  #ongoing = false;

  /** @param surface velocity of the disc or wall that pushes */
  constructor(readonly surface: Velocity) {}

  get count(): number {
    return this.#count;
  }

  /** Takes up this substep's contact; a point seen before keeps its accumulated impulse. */
  touch(contact: ContactSet, substep: number): void {
    const age = substep - this.#touchedAt;
    const [first, second] = this.#points;
    const known = age <= PERSISTENCE ? this.#count : 0;
    const id0 = first.id;
    const id1 = second.id;
    const impulse0 = first.impulse;
    const impulse1 = second.impulse;
    for (let i = 0; i < contact.count; i++) {
      const from = contact.points[i];
      const point = this.#points[i];
      point.p1x = from.p1x;
      point.p1y = from.p1y;
      point.p2x = from.p2x;
      point.p2y = from.p2y;
      point.id = from.id;
      point.impulse = 0;
      if (known > 0 && from.id === id0) point.impulse = impulse0;
      else if (known > 1 && from.id === id1) point.impulse = impulse1;
    }
    this.#nx = contact.nx;
    this.#ny = contact.ny;
    this.#count = contact.count;
    this.#ongoing = age === 1;
    this.#touchedAt = substep;
  }

  prepare(body: Body, dt: number): void {
    const nx = this.#nx;
    const ny = this.#ny;
    const biasRate = (1 - BIAS_BASE ** dt) / dt;
    for (let i = 0; i < this.#count; i++) {
      const point = this.#points[i];
      const arm = (point.p2x - body.x) * ny - (point.p2y - body.y) * nx;
      const gap = (point.p2x - point.p1x) * nx + (point.p2y - point.p1y) * ny;
      point.arm = arm;
      point.effectiveMass = 1 / (1 / MASS + (arm * arm) / MOMENT_OF_INERTIA);
      point.biasVelocity = -biasRate * Math.min(0, gap + SLOP);
      point.biasImpulse = 0;
    }
  }

  /** Starts from last substep's impulses; a pair that has only just met has none to trust. */
  warmStart(body: Body): void {
    if (!this.#ongoing) return;
    for (let i = 0; i < this.#count; i++) {
      const point = this.#points[i];
      this.#push(body, point.arm, point.impulse);
    }
  }

  /** One sweep over the points. Both corrections of a point use the velocities from before either. */
  iterate(body: Body): void {
    const nx = this.#nx;
    const ny = this.#ny;
    const surface = this.surface;
    for (let i = 0; i < this.#count; i++) {
      const point = this.#points[i];
      const arm = point.arm;
      const biasApproach = body.biasVx * nx + body.biasVy * ny + body.biasW * arm;
      const approach = (body.vx - surface.vx) * nx + (body.vy - surface.vy) * ny + body.w * arm;
      const biasImpulse = Math.max(
        point.biasImpulse + (point.biasVelocity - biasApproach) * point.effectiveMass,
        0,
      );
      const impulse = Math.max(point.impulse - approach * point.effectiveMass, 0);
      const biasChange = biasImpulse - point.biasImpulse;
      body.biasVx += (nx * biasChange) / MASS;
      body.biasVy += (ny * biasChange) / MASS;
      body.biasW += (arm * biasChange) / MOMENT_OF_INERTIA;
      this.#push(body, arm, impulse - point.impulse);
      point.biasImpulse = biasImpulse;
      point.impulse = impulse;
    }
  }

  #push(body: Body, arm: number, impulse: number): void {
    body.vx += (this.#nx * impulse) / MASS;
    body.vy += (this.#ny * impulse) / MASS;
    body.w += (arm * impulse) / MOMENT_OF_INERTIA;
  }
}

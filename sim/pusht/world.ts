import { overlaps } from "./box.js";
import { BroadPhase, type PairTest } from "./broad-phase.js";
import { ContactSet } from "./contacts.js";
import { discToQuad } from "./disc-contact.js";
import { type Body, Manifold } from "./manifold.js";
import { Disc, Quad, type Shape, type Velocity, Wall } from "./shapes.js";
import { BAR, CENTRE_OF_GRAVITY_Y, STEM } from "./tee.js";
import { wallToQuad } from "./wall-contact.js";

/** Physics time step in seconds. */
export const SUBSTEP = 0.01;
export const AGENT_RADIUS = 15;
export const WALL_RADIUS = 2;
/** Wall centre lines as ax, ay, bx, by. Their order, and each one's direction, fixes the order of contacts. */
export const WALLS: readonly (readonly [number, number, number, number])[] = [
  [5, 506, 5, 5],
  [5, 5, 506, 5],
  [506, 5, 506, 506],
  [5, 506, 506, 506],
];

const ITERATIONS = 10;

/** The pose at which the reference builds its world; the tree of boxes remembers it after every reset. */
const CONSTRUCTION = { agentX: 256, agentY: 400, blockX: 256, blockY: 300, angle: 0 } as const;

/** The agent: a disc that moves as told, whatever is in its way. */
export interface Agent extends Velocity {
  x: number;
  y: number;
}

/** The block; `angle` in radians, not wrapped. */
export interface Block extends Body {
  angle: number;
}

/**
 * PushT's quasi-static world: a driven disc, a frictionless T-shaped block, four walls (gym-pusht 0.1; Chi et al. 2023).
 * Pixels, y down, seconds, float64. It reproduces pymunk's results for this scene to rounding error.
 */
export class World {
  readonly agent: Agent = { x: 0, y: 0, vx: 0, vy: 0 };
  readonly block: Block = {
    x: 0,
    y: 0,
    angle: 0,
    vx: 0,
    vy: 0,
    w: 0,
    biasVx: 0,
    biasVy: 0,
    biasW: 0,
  };
  readonly bar = new Quad(0, BAR, this.block);
  readonly stem = new Quad(1, STEM, this.block);
  /** Origin of the block's frame, kept in step with its centre of gravity. */
  originX = 0;
  originY = 0;

  readonly #disc = new Disc(AGENT_RADIUS, this.agent);
  readonly #broadPhase: BroadPhase;
  /** One per pair that can touch: disc-bar, disc-stem, first wall-bar, first wall-stem, ... */
  readonly #manifolds: readonly Manifold[];
  /** The manifolds touching in this substep, in the order their contact was found; only the first #touching count. */
  readonly #active: Manifold[];
  #touching = 0;
  #substeps = 0;
  readonly #contact = new ContactSet();
  readonly #test: PairTest = (a, b) => this.#collide(a, b);

  constructor() {
    const walls = WALLS.map(([ax, ay, bx, by], i) => new Wall(i + 1, ax, ay, bx, by, WALL_RADIUS));
    this.#manifolds = [this.#disc, ...walls].flatMap((pusher) => [
      new Manifold(pusher.velocity),
      new Manifold(pusher.velocity),
    ]);
    this.#active = [...this.#manifolds];
    const { agentX, agentY, blockX, blockY, angle } = CONSTRUCTION;
    this.place(agentX, agentY, blockX, blockY + CENTRE_OF_GRAVITY_Y, angle);
    this.#broadPhase = new BroadPhase(walls, this.#disc, this.bar, this.stem);
  }

  /** Moves agent and block (by its centre of gravity); velocities stay. */
  place(agentX: number, agentY: number, centreX: number, centreY: number, angle: number): void {
    this.agent.x = agentX;
    this.agent.y = agentY;
    this.block.x = centreX;
    this.block.y = centreY;
    this.block.angle = angle;
    this.#placeShapes();
  }

  /** Advances by SUBSTEP seconds; returns the number of contact points. */
  substep(): number {
    this.#integrate();
    this.#touching = 0;
    this.#broadPhase.query(this.#test);
    this.#substeps++;
    return this.#solve();
  }

  #integrate(): void {
    const { agent, block } = this;
    agent.x += agent.vx * SUBSTEP;
    agent.y += agent.vy * SUBSTEP;
    block.x += (block.vx + block.biasVx) * SUBSTEP;
    block.y += (block.vy + block.biasVy) * SUBSTEP;
    block.angle += (block.w + block.biasW) * SUBSTEP;
    block.biasVx = 0;
    block.biasVy = 0;
    block.biasW = 0;
    this.#placeShapes();
  }

  #placeShapes(): void {
    const { agent, block } = this;
    const cos = Math.cos(block.angle);
    const sin = Math.sin(block.angle);
    this.originX = block.x + CENTRE_OF_GRAVITY_Y * sin;
    this.originY = block.y - CENTRE_OF_GRAVITY_Y * cos;
    this.#disc.place(agent.x, agent.y);
    this.bar.place(this.originX, this.originY, cos, sin);
    this.stem.place(this.originX, this.originY, cos, sin);
  }

  #collide(a: Shape, b: Shape): void {
    if (a.kind === "quad") {
      if (b.kind !== "quad") this.#touch(b, a);
    } else if (b.kind === "quad") {
      this.#touch(a, b);
    }
  }

  #touch(pusher: Disc | Wall, quad: Quad): void {
    if (!overlaps(pusher.box, quad.box)) return;
    const contact = this.#contact;
    if (pusher.kind === "disc") discToQuad(pusher, quad, contact);
    else wallToQuad(pusher, quad, contact);
    if (contact.count === 0) return;
    const manifold = this.#manifolds[2 * pusher.index + quad.index];
    manifold.touch(contact, this.#substeps);
    this.#active[this.#touching++] = manifold;
  }

  #solve(): number {
    const { block } = this;
    const active = this.#active;
    const touching = this.#touching;
    let contacts = 0;
    for (let i = 0; i < touching; i++) {
      active[i].prepare(block, SUBSTEP);
      contacts += active[i].count;
    }
    // Total damping: what the block does follows from this substep's contacts alone.
    block.vx = 0;
    block.vy = 0;
    block.w = 0;
    for (let i = 0; i < touching; i++) active[i].warmStart(block);
    for (let iteration = 0; iteration < ITERATIONS; iteration++) {
      for (let i = 0; i < touching; i++) active[i].iterate(block);
    }
    return contacts;
  }
}

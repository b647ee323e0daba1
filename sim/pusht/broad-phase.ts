import { AabbTree, Leaf, type Pair, type TreeNode } from "./aabb-tree.js";
import { contains, overlaps } from "./box.js";
import type { Disc, Quad, Shape, Wall } from "./shapes.js";

/** Share of its extent, or seconds of its velocity, by which a stored box outgrows the true one; a float32 constant in the reference. */
const FATTENING = Math.fround(0.1);

/** Tests two shapes for contact; the order of the two arguments carries no meaning. */
export type PairTest = (a: Shape, b: Shape) => void;

const NO_TEST: PairTest = () => {};

/**
 * Finds the shape pairs worth testing, in the reference engine's order. Conflicting contacts do not converge in
 * ten solver iterations, so their order is part of the physics: it depends on the tree's whole history since
 * the reset, hence on the stamps and pair lists kept here (the scheme of Chipmunk 7's cpBBTree).
 */
export class BroadPhase {
  readonly #walls = new AabbTree();
  readonly #moving = new AabbTree();
  /** In the reference's update order: bar, stem, agent. */
  readonly #leaves: readonly Leaf[];
  #stamp = 0;

  /** The shapes must already stand where the world was constructed, which is where the first boxes are stored. */
  constructor(walls: readonly Wall[], agent: Disc, bar: Quad, stem: Quad) {
    for (const wall of walls) {
      const leaf = new Leaf(wall);
      store(leaf, 0);
      leaf.stamp = this.#stamp++;
      this.#walls.insert(leaf);
    }
    const agentLeaf = new Leaf(agent);
    const barLeaf = new Leaf(bar);
    const stemLeaf = new Leaf(stem);
    for (const leaf of [agentLeaf, barLeaf, stemLeaf]) {
      store(leaf, FATTENING);
      this.#moving.insert(leaf);
      leaf.stamp = this.#stamp;
      this.#visitMoved(leaf, NO_TEST);
      this.#stamp++;
    }
    this.#leaves = [barLeaf, stemLeaf, agentLeaf];
  }

  /** Takes up the shapes' present boxes and calls `test` on every candidate pair. */
  query(test: PairTest): void {
    for (const leaf of this.#leaves) {
      if (contains(leaf, leaf.shape.box)) continue;
      store(leaf, FATTENING);
      this.#moving.remove(leaf);
      this.#moving.insert(leaf);
      dropPairs(leaf);
      leaf.stamp = this.#stamp;
    }
    if (this.#moving.root !== undefined) this.#walk(this.#moving.root, test);
    this.#stamp++;
  }

  #walk(node: TreeNode, test: PairTest): void {
    if (node.type === "inner") {
      this.#walk(node.a, test);
      this.#walk(node.b, test);
    } else if (node.stamp === this.#stamp) {
      this.#visitMoved(node, test);
    } else {
      for (let i = node.pairs.length - 1; i >= 0; i--) {
        const pair: Pair = node.pairs[i];
        if (pair.b === node) test(pair.a.shape, node.shape);
      }
    }
  }

  #visitMoved(leaf: Leaf, test: PairTest): void {
    if (this.#walls.root !== undefined) testAgainst(this.#walls.root, leaf, test);
    for (let node: TreeNode = leaf; node.parent !== undefined; node = node.parent) {
      if (node === node.parent.a) pairWith(node.parent.b, leaf);
      else testAgainst(node.parent.a, leaf, test);
    }
  }
}

/** Notes the pairs with a subtree that the walk has yet to reach: they are tested from the other side. */
function pairWith(subtree: TreeNode, leaf: Leaf): void {
  if (!overlaps(subtree, leaf)) return;
  if (subtree.type === "leaf") {
    addPair(leaf, subtree);
  } else {
    pairWith(subtree.a, leaf);
    pairWith(subtree.b, leaf);
  }
}

/** Tests a subtree that the walk has passed, or the walls, at once. */
function testAgainst(subtree: TreeNode, leaf: Leaf, test: PairTest): void {
  if (!overlaps(subtree, leaf)) return;
  if (subtree.type === "leaf") {
    if (subtree.stamp < leaf.stamp) addPair(subtree, leaf);
    test(subtree.shape, leaf.shape);
  } else {
    testAgainst(subtree.a, leaf, test);
    testAgainst(subtree.b, leaf, test);
  }
}

function addPair(a: Leaf, b: Leaf): void {
  const pair: Pair = { a, b };
  a.pairs.push(pair);
  b.pairs.push(pair);
}

function dropPairs(leaf: Leaf): void {
  for (const pair of leaf.pairs) {
    const other = pair.a === leaf ? pair.b : pair.a;
    other.pairs.splice(other.pairs.indexOf(pair), 1);
  }
  leaf.pairs.length = 0;
}

function store(leaf: Leaf, fattening: number): void {
  const { box, velocity } = leaf.shape;
  const growX = (box.maxX - box.minX) * fattening;
  const growY = (box.maxY - box.minY) * fattening;
  const leadX = velocity.vx * fattening;
  const leadY = velocity.vy * fattening;
  leaf.minX = box.minX + Math.min(-growX, leadX);
  leaf.minY = box.minY + Math.min(-growY, leadY);
  leaf.maxX = box.maxX + Math.max(growX, leadX);
  leaf.maxY = box.maxY + Math.max(growY, leadY);
}

import { area, type Box, centreDistance, merge, mergedArea } from "./box.js";
import type { Shape } from "./shapes.js";

/** Two shapes whose stored boxes overlapped when one of them was last inserted. */
export interface Pair {
  readonly a: Leaf;
  readonly b: Leaf;
}

class Node implements Box {
  minX = 0;
  minY = 0;
  maxX = 0;
  maxY = 0;
  parent: Inner | undefined;
}

/** A shape with its stored (fattened) box. */
export class Leaf extends Node {
  readonly type = "leaf";
  /** The broad phase's counter when the box was last stored. */
  stamp = 0;
  /** In order of creation. */
  pairs: Pair[] = [];

  constructor(readonly shape: Shape) {
    super();
  }
}

/** Two subtrees and the box around them. */
export class Inner extends Node {
  readonly type = "inner";

  constructor(
    public a: TreeNode,
    public b: TreeNode,
  ) {
    super();
    a.parent = this;
    b.parent = this;
    merge(this, a, b);
  }

  replace(child: TreeNode, by: TreeNode): void {
    if (child === this.a) this.a = by;
    else this.b = by;
    by.parent = this;
  }
}

export type TreeNode = Leaf | Inner;

/**
 * An incremental bounding-box tree without rebalancing. Which leaf sits left or right decides the order in
 * which contacts are found, so insertion and removal follow Chipmunk's published scheme exactly.
 */
export class AabbTree {
  root: TreeNode | undefined;

  insert(leaf: Leaf): void {
    leaf.parent = undefined;
    if (this.root === undefined) {
      this.root = leaf;
      return;
    }
    let node = this.root;
    while (node.type === "inner") {
      merge(node, node, leaf);
      node = cheaperChild(node, leaf);
    }
    const parent = node.parent;
    const inner = new Inner(leaf, node);
    if (parent === undefined) this.root = inner;
    else parent.replace(node, inner);
  }

  remove(leaf: Leaf): void {
    const parent = leaf.parent;
    if (parent === undefined) {
      this.root = undefined;
      return;
    }
    const sibling = parent.a === leaf ? parent.b : parent.a;
    const grandparent = parent.parent;
    if (grandparent === undefined) {
      sibling.parent = undefined;
      this.root = sibling;
      return;
    }
    grandparent.replace(parent, sibling);
    for (let node: Inner | undefined = grandparent; node !== undefined; node = node.parent) {
      merge(node, node.a, node.b);
    }
  }
}

function cheaperChild(node: Inner, leaf: Leaf): TreeNode {
  let costA = area(node.b) + mergedArea(node.a, leaf);
  let costB = area(node.a) + mergedArea(node.b, leaf);
  if (costA === costB) {
    costA = centreDistance(node.a, leaf);
    costB = centreDistance(node.b, leaf);
  }
  return costB < costA ? node.b : node.a;
}

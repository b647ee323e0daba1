/** An axis-aligned box in pixels; its sides belong to it. */
export interface Box {
  minX: number;
  minY: number;
  maxX: number;
  maxY: number;
}

export function overlaps(a: Box, b: Box): boolean {
  return a.minX <= b.maxX && b.minX <= a.maxX && a.minY <= b.maxY && b.minY <= a.maxY;
}

export function contains(outer: Box, inner: Box): boolean {
  return (
    outer.minX <= inner.minX &&
    outer.maxX >= inner.maxX &&
    outer.minY <= inner.minY &&
    outer.maxY >= inner.maxY
  );
}

export function area(box: Box): number {
  return (box.maxX - box.minX) * (box.maxY - box.minY);
}

export function mergedArea(a: Box, b: Box): number {
  return (
    (Math.max(a.maxX, b.maxX) - Math.min(a.minX, b.minX)) *
    (Math.max(a.maxY, b.maxY) - Math.min(a.minY, b.minY))
  );
}

/** L1 distance of the doubled centres. */
export function centreDistance(a: Box, b: Box): number {
  return Math.abs(a.minX + a.maxX - b.minX - b.maxX) + Math.abs(a.minY + a.maxY - b.minY - b.maxY);
}

/** Makes `target` the smallest box around `a` and `b`; it may be one of them. */
export function merge(target: Box, a: Box, b: Box): void {
  target.minX = Math.min(a.minX, b.minX);
  target.minY = Math.min(a.minY, b.minY);
  target.maxX = Math.max(a.maxX, b.maxX);
  target.maxY = Math.max(a.maxY, b.maxY);
}

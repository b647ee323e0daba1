/** Where one pair of shapes touches: a disc or wall (side 1) against a rectangle (side 2). */
export class ContactSet {
  /** Unit normal from the disc or wall to the rectangle. */
  nx = 0;
  ny = 0;
  count = 0;
  readonly points: readonly [ContactPoint, ContactPoint] = [new ContactPoint(), new ContactPoint()];

  add(p1x: number, p1y: number, p2x: number, p2y: number, id: number): void {
    const point = this.points[this.count++];
    point.p1x = p1x;
    point.p1y = p1y;
    point.p2x = p2x;
    point.p2y = p2y;
    point.id = id;
  }
}

/** p1 lies on the disc or wall, p2 on the rectangle; `id` names the touching features so that a contact can be recognised later. */
export class ContactPoint {
  p1x = 0;
  p1y = 0;
  p2x = 0;
  p2y = 0;
  id = 0;
}

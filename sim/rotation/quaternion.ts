/** A unit quaternion, x, y, z, w: the order of robomimic and ROS (MuJoCo's own is w, x, y, z). */
export type Quaternion = readonly [x: number, y: number, z: number, w: number];

export const UPRIGHT: Quaternion = [0, 0, 0, 1];

/** The rotation b, then a. */
export function product([ax, ay, az, aw]: Quaternion, [bx, by, bz, bw]: Quaternion): Quaternion {
  return [
    aw * bx + ax * bw + ay * bz - az * by,
    aw * by - ax * bz + ay * bw + az * bx,
    aw * bz + ax * by - ay * bx + az * bw,
    aw * bw - ax * bx - ay * by - az * bz,
  ];
}

export function inverse([x, y, z, w]: Quaternion): Quaternion {
  return [-x, -y, -z, w];
}

export function normalised([x, y, z, w]: Quaternion): Quaternion {
  const length = Math.hypot(x, y, z, w);
  return [x / length, y / length, z / length, w / length];
}

/**
 * q or -q, the same rotation, whichever is nearer to `other`: keeps a series of quaternions from jumping between the two,
 * which a network that is shown them would take for a jump of the body.
 */
export function nearestSign(q: Quaternion, other: Quaternion): Quaternion {
  const [x, y, z, w] = q;
  const alignment = x * other[0] + y * other[1] + z * other[2] + w * other[3];
  return alignment < 0 ? [-x, -y, -z, -w] : q;
}

/** The quaternion at `offset` of a list in MuJoCo's order. */
export function fromMujoco(values: ArrayLike<number>, offset = 0): Quaternion {
  return [values[offset + 1], values[offset + 2], values[offset + 3], values[offset]];
}

/** Turned by `angle` about the vertical. */
export function aboutZ(angle: number): Quaternion {
  return [0, 0, Math.sin(angle / 2), Math.cos(angle / 2)];
}

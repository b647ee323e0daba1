/** A rotation as ROS gives it: x, y, z, w. */
export type Quaternion = readonly [x: number, y: number, z: number, w: number];

export const IDENTITY: Quaternion = [0, 0, 0, 1];

/** Below this length a vector that stands for a rotation has no direction: it says nothing. */
const NOTHING = 1e-6;

/** A quaternion of length 1 in the same direction; the identity for one of no length. */
export function unitQuaternion(x: number, y: number, z: number, w: number): Quaternion {
  const length = Math.hypot(x, y, z, w);
  return length < NOTHING ? IDENTITY : [x / length, y / length, z / length, w / length];
}

/** The rotation matrix of a unit quaternion, row after row. */
export function rotationMatrix([x, y, z, w]: Quaternion): readonly number[] {
  return [
    1 - 2 * (y * y + z * z),
    2 * (x * y - z * w),
    2 * (x * z + y * w),
    2 * (x * y + z * w),
    1 - 2 * (x * x + z * z),
    2 * (y * z - x * w),
    2 * (x * z - y * w),
    2 * (y * z + x * w),
    1 - 2 * (x * x + y * y),
  ];
}

/**
 * Of six numbers that stand for the first two rows of a rotation matrix, as pytorch3d and with it Diffusion Policy have them
 * (Zhou et al., CVPR 2019, take columns: the transpose). A network's rows are not quite orthonormal; they are made so in
 * order, first row first. Rows without a direction of their own give the identity.
 */
export function fromRotation6d(rows: ArrayLike<number>): Quaternion {
  const length = Math.hypot(rows[0], rows[1], rows[2]);
  if (length < NOTHING) return IDENTITY;
  const [a, b, c] = [rows[0] / length, rows[1] / length, rows[2] / length];
  const along = a * rows[3] + b * rows[4] + c * rows[5];
  const [p, q, r] = [rows[3] - along * a, rows[4] - along * b, rows[5] - along * c];
  const across = Math.hypot(p, q, r);
  if (across < NOTHING) return IDENTITY;
  const [d, e, f] = [p / across, q / across, r / across];
  return fromMatrix([a, b, c, d, e, f, b * f - c * e, c * d - a * f, a * e - b * d]);
}

/** Of a rotation vector: the axis, as long as the angle in radians. */
export function fromAxisAngle(x: number, y: number, z: number): Quaternion {
  const angle = Math.hypot(x, y, z);
  // The limit of sin(angle / 2) / angle; the next term is below the precision of a double.
  const share = angle < 1e-8 ? 0.5 : Math.sin(angle / 2) / angle;
  return [x * share, y * share, z * share, Math.cos(angle / 2)];
}

/** Of a rotation matrix, row after row; w is not negative. Divides by the largest component (Shepperd 1978). */
function fromMatrix(m: readonly number[]): Quaternion {
  const [xx, yy, zz] = [m[0], m[4], m[8]];
  const squares = [1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz, 1 + xx + yy + zz];
  const largest = squares.indexOf(Math.max(...squares));
  const [xy, xz, yz] = [m[1] + m[3], m[2] + m[6], m[5] + m[7]];
  const [xw, yw, zw] = [m[7] - m[5], m[2] - m[6], m[3] - m[1]];
  const products = [
    [squares[0], xy, xz, xw],
    [xy, squares[1], yz, yw],
    [xz, yz, squares[2], zw],
    [xw, yw, zw, squares[3]],
  ][largest];
  const [x, y, z, w] = products;
  return w < 0 ? unitQuaternion(-x, -y, -z, -w) : unitQuaternion(x, y, z, w);
}

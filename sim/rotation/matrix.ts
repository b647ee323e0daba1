import { normalised, type Quaternion } from "./quaternion.js";

/** [9] a rotation matrix, row by row. */
export type RotationMatrix = ArrayLike<number>;

export function quaternionToMatrix([x, y, z, w]: Quaternion): number[] {
  return [
    ...[1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
    ...[2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
    ...[2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
  ];
}

/** From the largest of the four components, so that nothing is divided by a small one (Shepperd 1978). */
export function matrixToQuaternion(m: RotationMatrix): Quaternion {
  const squares = [
    1 + m[0] - m[4] - m[8],
    1 - m[0] + m[4] - m[8],
    1 - m[0] - m[4] + m[8],
    1 + m[0] + m[4] + m[8],
  ];
  const largest = squares.indexOf(Math.max(...squares));
  const [xy, xz, yz] = [m[1] + m[3], m[2] + m[6], m[5] + m[7]];
  const [wx, wy, wz] = [m[7] - m[5], m[2] - m[6], m[3] - m[1]];
  const rows: readonly Quaternion[] = [
    [squares[0], xy, xz, wx],
    [xy, squares[1], yz, wy],
    [xz, yz, squares[2], wz],
    [wx, wy, wz, squares[3]],
  ];
  return normalised(rows[largest]);
}

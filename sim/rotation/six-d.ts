import { matrixToQuaternion, quaternionToMatrix } from "./matrix.js";
import type { Quaternion } from "./quaternion.js";

/**
 * The first two rows of the rotation matrix: a representation without jumps, which networks learn more easily (Zhou et al.
 * 2019, arXiv:1812.07035, which takes columns; robomimic and Diffusion Policy take rows, as pytorch3d does).
 */
export type Rotation6d = readonly number[];

export function quaternionToSixD(q: Quaternion): Rotation6d {
  return quaternionToMatrix(q).slice(0, 6);
}

/**
 * The rotation whose rows Gram and Schmidt make of the six values at `offset`, which a network's rows are only about.
 *
 * @throws RangeError when the two rows do not span a plane.
 */
export function sixDToQuaternion(values: ArrayLike<number>, offset = 0): Quaternion {
  const [ax, ay, az, bx, by, bz] = Array.from({ length: 6 }, (_, k) => values[offset + k]);
  const lengthA = Math.hypot(ax, ay, az);
  const [x, y, z] = [ax / lengthA, ay / lengthA, az / lengthA];
  const along = x * bx + y * by + z * bz;
  const [ux, uy, uz] = [bx - along * x, by - along * y, bz - along * z];
  const lengthB = Math.hypot(ux, uy, uz);
  if (!(lengthA > 1e-6 && lengthB > 1e-6)) {
    throw new RangeError(`rotation [${[ax, ay, az, bx, by, bz].join(", ")}] has rows that span no plane`);
  }
  const [u, v, w] = [ux / lengthB, uy / lengthB, uz / lengthB];
  return matrixToQuaternion([x, y, z, u, v, w, y * w - z * v, z * u - x * w, x * v - y * u]);
}

import { normalised, type Quaternion } from "./quaternion.js";

/** Axis times angle, rad. */
export type AxisAngle = readonly [x: number, y: number, z: number];

export function axisAngleToQuaternion([x, y, z]: AxisAngle): Quaternion {
  const angle = Math.hypot(x, y, z);
  // sin(a/2)/a, whose limit at 0 is 1/2.
  const scale = angle < 1e-8 ? 0.5 : Math.sin(angle / 2) / angle;
  return normalised([scale * x, scale * y, scale * z, Math.cos(angle / 2)]);
}

/** The shorter way round: an angle of at most π. */
export function quaternionToAxisAngle([x, y, z, w]: Quaternion): AxisAngle {
  const sine = Math.hypot(x, y, z);
  // atan2 with a cosine made positive picks the shorter of the two ways; near 0 its ratio to the sine tends to 2.
  const scale =
    sine < 1e-8 ? 2 * Math.sign(w || 1) : (2 * Math.atan2(sine, Math.abs(w)) * Math.sign(w || 1)) / sine;
  return [scale * x, scale * y, scale * z];
}

import type { Pose } from "../arm/pose.js";

/** The pose that two observed arrays tell: position, and quaternion x, y, z, w. */
export function poseOf([x, y, z]: Float64Array, [a, b, c, d]: Float64Array): Pose {
  return { position: [x, y, z], orientation: [a, b, c, d] };
}

/** What is observed of the way from one pose to another, m. */
export function wayBetween(from: Pose, to: Pose): Float64Array {
  return Float64Array.from(to.position, (at, d) => at - from.position[d]);
}

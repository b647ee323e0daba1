import type { Point, Pose } from "../arm/pose.js";
import { axisAngleToQuaternion, quaternionToAxisAngle } from "../rotation/axis-angle.js";
import { inverse, product } from "../rotation/quaternion.js";
import { CONTROL_PERIOD } from "./table-top.js";

/** How a hand moves. */
export interface Gait {
  /** m/s */
  readonly speed: number;
  /** m/s², when it slows down towards its goal. */
  readonly braking: number;
  /** rad/s */
  readonly turnRate: number;
}

/** The next target on the way from one pose to another, a control step on. */
export function stride(from: Pose, to: Pose, { speed, braking, turnRate }: Gait): Pose {
  const gap = distance(from, to);
  const step = CONTROL_PERIOD * Math.min(speed, Math.sqrt(2 * braking * gap));
  const share = gap > step ? step / gap : 1;
  const position = from.position.map((at, d) => at + share * (to.position[d] - at)) as unknown as Point;
  const [x, y, z] = turnBetween(from, to);
  const part = Math.min(1, (CONTROL_PERIOD * turnRate) / Math.max(Math.hypot(x, y, z), 1e-9));
  const turned = axisAngleToQuaternion([part * x, part * y, part * z]);
  return { position, orientation: product(turned, from.orientation) };
}

export function distance(a: Pose, b: Pose): number {
  return Math.hypot(...a.position.map((at, d) => at - b.position[d]));
}

/** rad */
export function angleBetween(a: Pose, b: Pose): number {
  return Math.hypot(...turnBetween(a, b));
}

function turnBetween(from: Pose, to: Pose) {
  return quaternionToAxisAngle(product(to.orientation, inverse(from.orientation)));
}

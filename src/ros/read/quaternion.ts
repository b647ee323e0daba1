import type { Quaternion } from "../rotation.js";
import { fieldOf, show } from "./message.js";

/** How far from 1 the length of a quaternion may be that was rounded, or sent as float32, on its way. */
const LENGTH_TOLERANCE = 0.01;

/**
 * The unit quaternion in a message; or what is wrong with it, in words for a person.
 *
 * @param path where it was found, for those words.
 */
export function quaternionOf(value: unknown, path: string): Quaternion | string {
  const [x, y, z, w] = [fieldOf(value, "x"), fieldOf(value, "y"), fieldOf(value, "z"), fieldOf(value, "w")];
  if (typeof x !== "number" || typeof y !== "number" || typeof z !== "number" || typeof w !== "number") {
    return `${path} is ${show(value)} where a quaternion of numbers x, y, z, w is wanted`;
  }
  const found = `${path} is (${x}, ${y}, ${z}, ${w})`;
  const length = Math.hypot(x, y, z, w);
  if (length === 0) return `${found}: nobody set it; no rotation is (0, 0, 0, 1)`;
  if (!(Math.abs(length - 1) <= LENGTH_TOLERANCE)) {
    return `${found}, of length ${Number(length.toPrecision(4))}; a rotation has length 1`;
  }
  return [x / length, y / length, z / length, w / length];
}

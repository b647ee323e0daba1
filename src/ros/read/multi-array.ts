import { width as widthOf } from "../../policy/manifest.js";
import type { Scaling } from "../scaling.js";
import { arrayOf, countOf, fieldOf, type Numbers, numberOf, refused, show } from "./message.js";
import type { Reader } from "./reader.js";

/**
 * Reads all numbers of a `Float32MultiArray` or `Float64MultiArray` behind `layout.data_offset`, in the order they have. It
 * has no header, so that its readings have no stamp.
 *
 * @param shape that the policy wants. A layout that names as many dimensions must name the same: 2 × 9 is not 9 × 2.
 */
export function multiArrayReader(
  type: "std_msgs/msg/Float32MultiArray" | "std_msgs/msg/Float64MultiArray",
  shape: readonly number[],
  { scale, offset }: Scaling,
): Reader {
  const width = widthOf(shape);
  return {
    type,
    read(message) {
      const found = fieldOf(message, "data");
      const data = arrayOf(found);
      if (!data) return refused(`data is ${show(found)} where an array of numbers is wanted`);
      const first = countOf(fieldOf(fieldOf(message, "layout"), "data_offset"));
      const dimensions = arrayOf(fieldOf(fieldOf(message, "layout"), "dim"));
      if (first === undefined || !dimensions) {
        return refused("layout is not a MultiArrayLayout with dim and data_offset");
      }
      const count = data.length - first;
      const problem = layoutProblem(dimensions, count, shape);
      if (problem !== undefined) return refused(problem);
      if (count !== width) {
        const behind = first > 0 ? ` behind data_offset ${first}` : "";
        return refused(`data has ${Math.max(0, count)} values${behind}, but the policy wants ${width}`);
      }
      const values = new Float64Array(width);
      for (let k = 0; k < width; k++) {
        values[k] = numberOf(data[first + k]) * scale + offset;
        if (!Number.isFinite(values[k])) return refused(`data[${first + k}] is ${show(data[first + k])}`);
      }
      return { ok: true, values, stamp: undefined };
    },
  };
}

/** @param count how many numbers there are. */
function layoutProblem(dimensions: Numbers, count: number, shape: readonly number[]): string | undefined {
  if (dimensions.length === 0) return undefined;
  const sizes = Array.from(dimensions, (each) => countOf(fieldOf(each, "size")) ?? Number.NaN);
  const said = `layout.dim says ${sizes.join(" × ")}`;
  if (sizes.reduce((product, size) => product * size, 1) !== count) {
    return `${said}, but there are ${Math.max(0, count)} values`;
  }
  const isOther = sizes.length === shape.length && sizes.some((size, k) => size !== shape[k]);
  return isOther ? `${said}, but the policy wants ${shape.join(" × ")}` : undefined;
}

import { ConfigurationError } from "../../policy/errors.js";
import { rotationMatrix } from "../rotation.js";
import type { Scaling } from "../scaling.js";
import { fieldOf, numberOf, refused, show, stampOf } from "./message.js";
import { quaternionOf } from "./quaternion.js";
import type { Reader } from "./reader.js";

const TYPE = "geometry_msgs/msg/PoseStamped";

/**
 * Reads where a pose puts points that are fixed on its body: [points · 2] or [points · 3] values, of points of two or three
 * coordinates. The points are in the message's unit, as its position is.
 *
 * @param width how many values the policy wants.
 * @throws ConfigurationError for points of different dimensions, or another number of values than the policy wants.
 */
export function bodyPointsReader(
  points: readonly (readonly number[])[],
  width: number,
  { scale, offset }: Scaling,
): Reader {
  const dimension = points[0].length;
  const odd = points.find((point) => point.length !== dimension);
  if (odd) {
    throw new ConfigurationError(
      `body_points: the first has ${dimension} coordinates, another ${odd.length}; give all of them 2 or 3`,
    );
  }
  if (points.length * dimension !== width) {
    throw new ConfigurationError(
      `body_points: ${points.length} points of ${dimension} coordinates give ${points.length * dimension} values, but the policy wants ${width}`,
    );
  }
  return {
    type: TYPE,
    read(message) {
      const header = stampOf(message);
      if ("ok" in header) return header;
      const pose = fieldOf(message, "pose");
      const position = fieldOf(pose, "position");
      const quaternion = quaternionOf(fieldOf(pose, "orientation"), "pose.orientation");
      if (typeof quaternion === "string") return refused(quaternion);
      const matrix = rotationMatrix(quaternion);
      const values = new Float64Array(width);
      for (let row = 0; row < dimension; row++) {
        const axis = "xyz"[row];
        const origin = numberOf(fieldOf(position, axis));
        if (!Number.isFinite(origin * scale + offset)) {
          return refused(`pose.position.${axis} is ${show(fieldOf(position, axis))}`);
        }
        const [a, b, c] = matrix.slice(3 * row, 3 * row + 3);
        points.forEach(([x, y, z = 0], k) => {
          values[k * dimension + row] = (origin + a * x + b * y + c * z) * scale + offset;
        });
      }
      return { ok: true, values, stamp: header.stamp };
    },
  };
}

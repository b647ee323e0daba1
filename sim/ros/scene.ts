import { BAR, STEM } from "../pusht/tee.js";
import { AGENT_RADIUS } from "../pusht/world.js";
import { PIXELS_PER_METRE } from "./board.js";

/** visualization_msgs/Marker. */
const CUBE = 1;
const CYLINDER = 3;
const ADD = 0;

const GREEN = { r: 0.56, g: 0.93, b: 0.56, a: 0.6 };
const GREY = { r: 0.47, g: 0.53, b: 0.6, a: 1 };
const BLUE = { r: 0.25, g: 0.41, b: 0.88, a: 1 };

/** How high things stand off the board, in metres: for the eye only. */
const HEIGHT = 0.02;

/** visualization_msgs/MarkerArray of block, goal and agent, each fixed to its own frame, for RViz and Foxglove. */
export function scene(): object {
  const diameter = (2 * AGENT_RADIUS) / PIXELS_PER_METRE;
  return {
    markers: [
      box("goal", 0, BAR, GREEN, HEIGHT / 10),
      box("goal", 1, STEM, GREEN, HEIGHT / 10),
      box("block", 0, BAR, GREY, HEIGHT),
      box("block", 1, STEM, GREY, HEIGHT),
      marker("agent", 0, CYLINDER, { x: 0, y: 0 }, { x: diameter, y: diameter, z: HEIGHT }, BLUE),
    ],
  };
}

/** @param corners of an upright rectangle, px: x, y of each. */
function box(frame: string, id: number, corners: readonly number[], color: object, z: number): object {
  const [left, right] = extent(corners.filter((_, k) => k % 2 === 0));
  const [top, bottom] = extent(corners.filter((_, k) => k % 2 === 1));
  const middle = { x: (left + right) / 2, y: (top + bottom) / 2 };
  return marker(frame, id, CUBE, middle, { x: right - left, y: bottom - top, z }, color);
}

function marker(frame: string, id: number, type: number, at: object, scale: object, color: object): object {
  return {
    // Of no time: wherever the frame is at the moment, and with it from then on.
    header: { stamp: { sec: 0, nanosec: 0 }, frame_id: frame },
    frame_locked: true,
    ns: frame,
    id,
    type,
    action: ADD,
    pose: { position: { ...at, z: 0 }, orientation: { x: 0, y: 0, z: 0, w: 1 } },
    scale,
    color,
  };
}

function extent(values: readonly number[]): [least: number, most: number] {
  return [Math.min(...values) / PIXELS_PER_METRE, Math.max(...values) / PIXELS_PER_METRE];
}

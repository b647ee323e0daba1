import { FRAME_SIZE } from "../image.js";
import { caption, short } from "../svg.js";
import { GOAL } from "./coverage.js";
import type { PushTState } from "./observation.js";
import { BAR, STEM } from "./tee.js";
import { AGENT_RADIUS, WALL_RADIUS, WALLS } from "./world.js";

/** What a person watching wants to see on top of the world; coordinates in pixels. */
export interface Overlay {
  /** Where the agent is being sent now: a red cross. */
  readonly target?: readonly [x: number, y: number];
  /** The planned targets in order: a line with a dot for each, fading towards the end. */
  readonly plan?: readonly (readonly [x: number, y: number])[];
  /** One line of text at the top. */
  readonly caption?: string;
}

type Point = readonly [x: number, y: number];

/**
 * Draws a state as an SVG document of 512 x 512 pixels in gym-pusht's colours: goal, walls, block, agent.
 * Throws a RangeError on a state that is not five finite numbers.
 *
 * @example
 * const svg = renderSvg(env.state(), { target: [256, 300], caption: "step 12" });
 */
export function renderSvg(state: PushTState, overlay: Overlay = {}): string {
  if (state.length !== 5 || !state.every(Number.isFinite)) {
    throw new RangeError(`state must be 5 finite numbers, got [${state.join(", ")}]`);
  }
  const [agentX, agentY, blockX, blockY, angle] = state;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${FRAME_SIZE}" height="${FRAME_SIZE}" viewBox="0 0 ${FRAME_SIZE} ${FRAME_SIZE}">`,
    `<rect width="${FRAME_SIZE}" height="${FRAME_SIZE}" fill="#fff"/>`,
    // The stroke in the fill's colour closes the hairline between the two rectangles.
    tee(GOAL.x, GOAL.y, GOAL.angle, 'fill="#90ee90" stroke="#90ee90" stroke-width="0.5"'),
    walls(),
    tee(blockX, blockY, angle, 'fill="#8fa3b8" stroke="#778899" stroke-width="2" stroke-linejoin="round"'),
    disc([agentX, agentY], AGENT_RADIUS, "#4169e1"),
    disc([agentX, agentY], AGENT_RADIUS - 4, "#4e7eff"),
    overlay.plan ? plan(overlay.plan) : "",
    overlay.target ? cross(overlay.target) : "",
    overlay.caption ? caption(overlay.caption) : "",
    "</svg>",
  ].join("");
}

function tee(x: number, y: number, angle: number, paint: string): string {
  const degrees = (angle * 180) / Math.PI;
  return (
    `<g transform="translate(${short(x)} ${short(y)}) rotate(${short(degrees)})" ${paint}>` +
    `<polygon points="${BAR.join(" ")}"/><polygon points="${STEM.join(" ")}"/></g>`
  );
}

function walls(): string {
  const path = WALLS.map(([ax, ay, bx, by]) => `M${ax} ${ay}L${bx} ${by}`).join("");
  return `<path d="${path}" stroke="#d3d3d3" stroke-width="${2 * WALL_RADIUS}" stroke-linecap="round"/>`;
}

function disc([x, y]: Point, radius: number, fill: string, opacity = 1): string {
  const fading = opacity < 1 ? ` opacity="${short(opacity)}"` : "";
  return `<circle cx="${short(x)}" cy="${short(y)}" r="${radius}" fill="${fill}"${fading}/>`;
}

function plan(points: readonly Point[]): string {
  const line = points.map(([x, y]) => `${short(x)},${short(y)}`).join(" ");
  const dots = points.map((point, i) => disc(point, 4, "#e8590c", 1 - (0.7 * i) / points.length));
  return `<polyline points="${line}" fill="none" stroke="#e8590c" stroke-width="2" stroke-opacity="0.6" stroke-linejoin="round"/>${dots.join("")}`;
}

function cross([x, y]: Point): string {
  const arms = `M${short(x - 14)} ${short(y)}h28M${short(x)} ${short(y - 14)}v28`;
  return (
    `<path d="${arms}" stroke="#fff" stroke-width="8" stroke-linecap="round" opacity="0.7"/>` +
    `<path d="${arms}" stroke="#f00" stroke-width="4" stroke-linecap="round"/>`
  );
}

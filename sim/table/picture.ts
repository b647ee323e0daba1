import type { Point } from "../arm/pose.js";
import { FRAME_SIZE } from "../image.js";
import { Camera, type ImagePoint } from "../picture/camera.js";
import { drawShapes } from "../picture/scene.js";
import { caption as captionOf, short } from "../svg.js";
import { TABLE_HALF_SIDE, TABLE_HEIGHT, type TableTop } from "./table-top.js";

/** From the front and the right, so that the arm stands behind what it works on. */
const CAMERA = new Camera({ from: [1, -0.8, 1.5], to: [-0.17, 0, 1.03], fieldOfView: 0.76 }, FRAME_SIZE);

/** What is drawn on top of the scene; m, world axes. */
export interface TableOverlay {
  readonly target: Point;
  readonly plan: readonly Point[];
  readonly caption: string;
}

/** The table, the arm and the cubes as they are now, as an SVG document. */
export function drawTable({ simulation }: TableTop, { target, plan, caption }: TableOverlay): string {
  const h = TABLE_HALF_SIDE;
  const corners = [
    [-h, -h],
    [h, -h],
    [h, h],
    [-h, h],
  ].map(([x, y]) => CAMERA.see([x, y, TABLE_HEIGHT]));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${FRAME_SIZE}" height="${FRAME_SIZE}" viewBox="0 0 ${FRAME_SIZE} ${FRAME_SIZE}">`,
    `<defs><clipPath id="shadowed"><polygon points="${corners.map(at).join(" ")}"/></clipPath></defs>`,
    `<rect width="${FRAME_SIZE}" height="${FRAME_SIZE}" fill="#eef1f5"/>`,
    drawShapes(simulation.shapes(), CAMERA, TABLE_HEIGHT),
    planned(plan.map((point) => CAMERA.see(point))),
    cross(CAMERA.see(target)),
    captionOf(caption),
    "</svg>",
  ].join("");
}

function planned(points: readonly ImagePoint[]): string {
  const dots = points.map(({ x, y }, i) => {
    const opacity = 1 - (0.7 * i) / points.length;
    return `<circle cx="${short(x)}" cy="${short(y)}" r="3.5" fill="#e8590c" opacity="${short(opacity)}"/>`;
  });
  return `<polyline points="${points.map(at).join(" ")}" fill="none" stroke="#e8590c" stroke-width="2" stroke-opacity="0.6"/>${dots.join("")}`;
}

function cross({ x, y }: ImagePoint): string {
  const arms = `M${short(x - 7)} ${short(y)}h14M${short(x)} ${short(y - 7)}v14`;
  return (
    `<path d="${arms}" stroke="#fff" stroke-width="5" stroke-linecap="round" opacity="0.7"/>` +
    `<path d="${arms}" stroke="#f00" stroke-width="2.5" stroke-linecap="round"/>`
  );
}

function at({ x, y }: ImagePoint): string {
  return `${short(x)},${short(y)}`;
}

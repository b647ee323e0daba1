import sharp, { type Sharp } from "sharp";

/** Side of a frame in pixels: what worlds draw their pictures in. */
export const FRAME_SIZE = 512;

const CHANNELS = 3;
const MAX_SIZE = 2048;
/** Viewers slow down frames that are to last under 20 ms. */
const MAX_FPS = 50;

/** How an animation plays. */
export interface AnimationOptions {
  /** Frames per second, at most 50; 10 plays PushT's control steps in real time. */
  readonly fps?: number;
  /** Side of the square picture in pixels. */
  readonly size?: number;
}

/**
 * Rasterises an SVG picture to a PNG of `size` x `size` pixels. A caption needs an installed font.
 *
 * @example
 * await writeFile("frame.png", await renderPng(renderSvg(env.state())));
 */
export async function renderPng(svg: string, size: number = FRAME_SIZE): Promise<Buffer> {
  return rasterise(svg, checkedSize(size)).png().toBuffer();
}

/**
 * Rasterises an SVG picture to `size` x `size` x 3 bytes, red, green, blue, row by row.
 *
 * @example
 * const pixels = await renderRgb(renderSvg(env.state()), 96);
 */
export async function renderRgb(svg: string, size: number): Promise<Uint8Array> {
  return new Uint8Array(await rasterise(svg, checkedSize(size)).raw().toBuffer());
}

/**
 * Joins SVG pictures to a GIF that loops for ever: the one animated format that every viewer, browser
 * and forge plays. Times are in hundredths of a second, so the frames of an uneven rate differ by one of these
 * and the whole keeps its length; equal frames in a row are merged into one that lasts as long.
 *
 * @example
 * await writeFile("episode.gif", await animate(svgs, { fps: 10, size: 320 }));
 */
export async function animate(svgs: readonly string[], options: AnimationOptions = {}): Promise<Buffer> {
  const { fps = 10, size = 320 } = options;
  checkedSize(size);
  if (svgs.length === 0) throw new RangeError("an animation needs at least one frame, got none");
  if (!(fps > 0 && fps <= MAX_FPS)) throw new RangeError(`fps must be in (0, ${MAX_FPS}], got ${fps}`);
  const frameBytes = size * size * CHANNELS;
  const film = Buffer.alloc(svgs.length * frameBytes);
  for (const [i, svg] of svgs.entries()) {
    const frame = await rasterise(svg, size).raw().toBuffer();
    frame.copy(film, i * frameBytes);
  }
  const raw = {
    width: size,
    height: size * svgs.length,
    channels: CHANNELS,
    pageHeight: size,
  } as const;
  const delay = svgs.map((_, i) => 10 * (Math.round((100 * (i + 1)) / fps) - Math.round((100 * i) / fps)));
  // Flat colours gain nothing from dithering, and little from a longer search for a palette.
  return sharp(film, { raw }).gif({ delay, loop: 0, dither: 0, effort: 3 }).toBuffer();
}

/** Draws at the final resolution rather than scaling pixels, so that lines stay sharp at any size. */
function rasterise(svg: string, size: number): Sharp {
  const density = (72 * size) / FRAME_SIZE;
  return sharp(Buffer.from(svg), { density }).resize(size, size).removeAlpha();
}

function checkedSize(size: number): number {
  if (!Number.isInteger(size) || size < 16 || size > MAX_SIZE) {
    throw new RangeError(`size must be an integer from 16 to ${MAX_SIZE} pixels, got ${size}`);
  }
  return size;
}

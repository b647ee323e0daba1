import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { animate, renderPng } from "../../../sim/image.js";
import { PushTEnv } from "../../../sim/pusht/env.js";
import { renderSvg } from "../../../sim/pusht/render.js";

function episode(length: number): string[] {
  const env = new PushTEnv();
  env.reset({ state: [120, 60, 256, 150, 0.4] });
  return Array.from({ length }, (_, t) => {
    env.step([256, 300]);
    return renderSvg(env.state(), { target: [256, 300], caption: `step ${t}` });
  });
}

async function pixel(png: Buffer, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const at = (y * info.width + x) * info.channels;
  return [...data.subarray(at, at + 3)];
}

describe("renderSvg and renderPng", () => {
  it("paints goal, wall, block, agent and ground in gym-pusht's colours", async () => {
    const png = await renderPng(renderSvg([400, 400, 120, 100, 0]));
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect(await sharp(png).metadata()).toMatchObject({ format: "png", width: 512, height: 512 });
    expect(await pixel(png, 256, 270)).toEqual([144, 238, 144]);
    expect(await pixel(png, 5, 256)).toEqual([211, 211, 211]);
    expect(await pixel(png, 120, 180)).toEqual([143, 163, 184]);
    expect(await pixel(png, 400, 400)).toEqual([78, 126, 255]);
    expect(await pixel(png, 400 + 13, 400)).toEqual([65, 105, 225]);
    expect(await pixel(png, 480, 30)).toEqual([255, 255, 255]);
  });

  it("marks the target in red and shows the plan", async () => {
    const plan = [
      [420, 420],
      [460, 300],
    ] as const;
    const png = await renderPng(renderSvg([400, 400, 120, 100, 0], { target: [300, 450], plan }));
    expect(await pixel(png, 300, 450)).toEqual([255, 0, 0]);
    expect(await pixel(png, 420, 420)).toEqual([232, 89, 12]);
  });

  it("draws at the size asked for", async () => {
    const metadata = await sharp(await renderPng(renderSvg([400, 400, 120, 100, 0]), 96)).metadata();
    expect(metadata).toMatchObject({ width: 96, height: 96 });
  });

  it("takes any caption as text", async () => {
    const svg = renderSvg([1, 2, 3, 4, 5], { caption: '<script>&"\u0000' });
    expect(svg).toContain('&lt;script&gt;&amp;" </text>');
    await expect(renderPng(svg)).resolves.toBeInstanceOf(Buffer);
  });

  it("refuses a state or size that cannot be drawn", async () => {
    expect(() => renderSvg([1, 2, 3, 4, Number.NaN])).toThrow("got [1, 2, 3, 4, NaN]");
    await expect(renderPng(renderSvg([1, 2, 3, 4, 5]), 1.5)).rejects.toThrow("got 1.5");
  });
});

describe("animate", () => {
  it("makes a looping GIF with every frame at the rate asked for", async () => {
    const gif = await animate(episode(12), { fps: 10, size: 128 });
    expect(gif.subarray(0, 6).toString()).toBe("GIF89a");
    const metadata = await sharp(gif, { animated: true }).metadata();
    expect(metadata).toMatchObject({ width: 128, pageHeight: 128, pages: 12, loop: 0 });
    expect(metadata.delay).toEqual(Array(12).fill(100));
  });

  it("keeps the length at a rate that hundredths of a second cannot divide", async () => {
    const { delay } = await sharp(await animate(episode(9), { fps: 30, size: 64 }), {
      animated: true,
    }).metadata();
    expect(delay?.reduce((sum, each) => sum + each, 0)).toBe(300);
  });

  it("lets frames that stand still last as long", async () => {
    const [first, second] = episode(2);
    const gif = await animate([first, first, first, second], { fps: 10, size: 64 });
    expect((await sharp(gif, { animated: true }).metadata()).delay).toEqual([300, 100]);
  });

  it("refuses what it cannot play", async () => {
    await expect(animate([])).rejects.toThrow("at least one frame");
    await expect(animate(episode(1), { fps: 60 })).rejects.toThrow("got 60");
    await expect(animate(episode(1), { size: 0 })).rejects.toThrow("got 0");
  });
});

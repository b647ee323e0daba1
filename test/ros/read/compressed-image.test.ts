import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { compressedImageReader } from "../../../src/ros/read/compressed-image.js";
import { type PictureBinding, pictureOf } from "../../../src/ros/read/pixels.js";
import { UNSCALED } from "../../../src/ros/scaling.js";
import { header, image, STAMP } from "./messages.js";
import { expectClose, problemOf, valuesOf } from "./readings.js";

const readerOf = (encoding: PictureBinding["encoding"], shape: number[]) =>
  compressedImageReader(pictureOf({ encoding, layout: "channels_last" }, shape), UNSCALED);
const raw = sharp(image().data, { raw: { width: 2, height: 2, channels: 3 } });
const png = await raw.clone().png().toBuffer();
const grey = await raw.clone().toColourspace("b-w").png().toBuffer();
const transparent = await raw.clone().ensureAlpha(0.5).png().toBuffer();
/** As rclnodejs gives bytes: a typed array, not a Buffer. */
const message = (data: Uint8Array) => ({ header, format: "png", data: Uint8Array.from(data) });

test("gives the pixels of a PNG, with the stamp of the header", async () => {
  const values = Float64Array.from(image().data);
  expect(await (await readerOf("rgb8", [2, 2, 3])).read(message(png))).toEqual({
    ok: true,
    values,
    stamp: STAMP,
  });
});

test("gives blue first to a policy trained so", async () => {
  const values = await valuesOf(await readerOf("bgr8", [2, 2, 3]), message(png));
  expect(values.slice(0, 6)).toEqual([2, 1, 0, 5, 4, 3]);
});

test("gives the pixels of a JPEG, nearly, and in the right colours", async () => {
  const red = { width: 16, height: 16, channels: 3, background: { r: 220, g: 30, b: 60 } } as const;
  const jpeg = await sharp({ create: red }).jpeg({ quality: 95 }).toBuffer();
  const values = await valuesOf(await readerOf("rgb8", [16, 16, 3]), message(jpeg));
  expectClose(values.slice(0, 3), [220, 30, 60], 5);
});

test("gives a grey picture to a policy that sees grey, and leaves out transparency", async () => {
  expect(await valuesOf(await readerOf("mono8", [2, 2, 1]), message(grey))).toHaveLength(4);
  expect(await valuesOf(await readerOf("rgb8", [2, 2, 3]), message(transparent))).toEqual([...image().data]);
});

describe("says", () => {
  test("that the size is another", async () => {
    const problem = await problemOf(await readerOf("rgb8", [96, 96, 3]), message(png));
    expect(problem).toBe("the image is 2 × 2 pixels, but the policy wants 96 × 96");
  });

  test("that grey is no colour, and colour not grey", async () => {
    expect(await problemOf(await readerOf("rgb8", [2, 2, 3]), message(grey))).toContain(
      "the image is b-w of depth",
    );
    expect(await problemOf(await readerOf("mono8", [2, 2, 1]), message(png))).toContain("mono8 is wanted");
  });

  test("that 16 bits are too many", async () => {
    const deep = await raw.clone().toColourspace("rgb16").png().toBuffer();
    expect(await problemOf(await readerOf("rgb8", [2, 2, 3]), message(deep))).toContain("of depth ushort");
  });

  test.each([
    ["no picture", Uint8Array.of(1, 2, 3)],
    ["nothing", new Uint8Array(0)],
    ["half a picture", png.subarray(0, png.length - 30)],
  ])("that data is %s", async (_, data) => {
    const problem = await problemOf(await readerOf("rgb8", [2, 2, 3]), message(data));
    expect(problem).toContain("data is no image that can be read");
  });

  test("that data is a name of a file, without opening it", async () => {
    const problem = await problemOf(await readerOf("rgb8", [2, 2, 3]), { header, data: "/etc/hostname" });
    expect(problem).toBe('data is "/etc/hostname" where bytes are wanted');
  });
});

test("refuses to be bound to compressed depth", async () => {
  await expect(readerOf("32FC1", [2, 2, 1])).rejects.toThrow("32FC1 does not come compressed");
});

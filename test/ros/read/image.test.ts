import { describe, expect, test } from "vitest";
import { imageReader } from "../../../src/ros/read/image.js";
import { type PictureBinding, pictureOf } from "../../../src/ros/read/pixels.js";
import { UNSCALED } from "../../../src/ros/scaling.js";
import { image, STAMP } from "./messages.js";
import { problemOf, valuesOf } from "./readings.js";

const readerOf = (encoding: PictureBinding["encoding"], layout: PictureBinding["layout"], shape: number[]) =>
  imageReader(pictureOf({ encoding, layout }, shape), UNSCALED);
const last = readerOf("rgb8", "channels_last", [2, 2, 3]);
/** Two rows of one pixel of depth, with two bytes before it in memory and some behind each row. */
function depths(values: readonly number[], isLittleEndian: boolean): object {
  const view = new DataView(new ArrayBuffer(16), 2, 14);
  for (const [k, value] of values.entries()) view.setFloat32(7 * k, value, isLittleEndian);
  const data = new Uint8Array(view.buffer, 2, 14);
  return image({
    encoding: "32FC1",
    width: 1,
    height: 2,
    step: 7,
    data,
    is_bigendian: isLittleEndian ? 0 : 1,
  });
}

test("gives pixels as they lie in the message, with its stamp, for a policy that has channels last", () => {
  const values = Float64Array.from({ length: 12 }, (_, k) => k);
  expect(last.read(image())).toEqual({ ok: true, values, stamp: STAMP });
});

test("gives one channel after the other to a policy that has them first", async () => {
  const reader = readerOf("rgb8", "channels_first", [3, 2, 2]);
  expect(await valuesOf(reader, image())).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
});

test("keeps width and height apart", async () => {
  const reader = readerOf("mono8", "channels_first", [1, 2, 3]);
  const message = image({ encoding: "mono8", width: 3, height: 2, step: 3, data: [1, 2, 3, 4, 5, 6] });
  expect(await valuesOf(reader, message)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await problemOf(reader, { ...message, width: 2, height: 3, step: 2 })).toBe(
    "the image is 2 × 3 pixels, but the policy wants 3 × 2",
  );
});

test("turns red and blue round where the message has them the other way", async () => {
  const turned = [2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9];
  expect(await valuesOf(last, image({ encoding: "bgr8" }))).toEqual(turned);
  expect(await valuesOf(readerOf("bgr8", "channels_last", [2, 2, 3]), image())).toEqual(turned);
  const same = await valuesOf(readerOf("bgr8", "channels_last", [2, 2, 3]), image({ encoding: "bgr8" }));
  expect(same).toEqual(Array.from({ length: 12 }, (_, k) => k));
});

test("leaves out what pads the rows", async () => {
  const data = Uint8Array.of(0, 1, 2, 3, 4, 5, 99, 99, 6, 7, 8, 9, 10, 11, 99, 99);
  expect(await valuesOf(last, image({ step: 8, data }))).toEqual(Array.from({ length: 12 }, (_, k) => k));
});

test("reads a part of a larger buffer", async () => {
  const data = Uint8Array.from({ length: 20 }, (_, k) => k - 4).subarray(4, 16);
  expect(await valuesOf(last, image({ data }))).toEqual(Array.from({ length: 12 }, (_, k) => k));
});

test.each([true, false])(
  "reads depth of either endianness (little: %j), aligned or not",
  async (isLittle) => {
    const reader = readerOf("32FC1", "channels_last", [2, 1, 1]);
    expect(await valuesOf(reader, depths([1.5, -2.25], isLittle))).toEqual([1.5, -2.25]);
  },
);

test("scales pixels", async () => {
  const picture = pictureOf({ encoding: "mono8", layout: "channels_first" }, [1, 1, 2]);
  const reader = imageReader(picture, { scale: 1 / 255, offset: -0.5 });
  const message = image({ encoding: "mono8", height: 1, step: 2, data: Uint8Array.of(0, 255) });
  expect(await valuesOf(reader, message)).toEqual([-0.5, 0.5]);
});

describe("says", () => {
  test.each([
    [
      "that the size is another",
      { width: 640, height: 480 },
      "the image is 640 × 480 pixels, but the policy wants 2 × 2",
    ],
    ["that the encoding is another", { encoding: "mono8" }, 'encoding is "mono8"; rgb8 or bgr8 is wanted'],
    ["that the encoding is missing", { encoding: undefined }, "encoding is missing; rgb8 or bgr8 is wanted"],
    ["that rows are too short", { step: 5 }, "step is 5, but a row of 2 rgb8 pixels takes 6 bytes"],
    ["that data is missing", { data: new Uint8Array(11) }, "data has 11 bytes, but 2 rows of 6 make 12"],
    ["that data is no bytes", { data: [256] }, "data is an array of 1 where bytes are wanted"],
  ])("%s", async (_, changes, problem) => {
    expect(await problemOf(last, image(changes))).toBe(problem);
  });

  test("which depth is not finite", async () => {
    const reader = readerOf("32FC1", "channels_first", [1, 2, 1]);
    expect(await problemOf(reader, depths([1, Number.NaN], true))).toBe(
      "the pixel in row 1, column 0 is NaN",
    );
  });

  test("that mono8 is not turned into anything", async () => {
    const reader = readerOf("mono8", "channels_first", [1, 2, 2]);
    expect(await problemOf(reader, image())).toBe('encoding is "rgb8"; mono8 is wanted');
    expect(await problemOf(reader, image({ encoding: undefined }))).toBe(
      "encoding is missing; mono8 is wanted",
    );
  });
});

test("refuses a shape that is no such picture", () => {
  expect(() => readerOf("rgb8", "channels_first", [2, 2, 3])).toThrow(
    "layout: channels_first and rgb8 make a shape [3, height, width], but the policy's is [2, 2, 3]",
  );
  expect(() => readerOf("mono8", "channels_last", [2, 2])).toThrow("[height, width, 1]");
});

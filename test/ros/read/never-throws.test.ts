import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { bodyPointsReader } from "../../../src/ros/read/body-points.js";
import { compressedImageReader } from "../../../src/ros/read/compressed-image.js";
import { fieldsReader } from "../../../src/ros/read/fields.js";
import { imageReader } from "../../../src/ros/read/image.js";
import { JointStateReader } from "../../../src/ros/read/joint-state.js";
import { multiArrayReader } from "../../../src/ros/read/multi-array.js";
import { pictureOf } from "../../../src/ros/read/pixels.js";
import type { Reader } from "../../../src/ros/read/reader.js";
import { UNSCALED } from "../../../src/ros/scaling.js";
import { header, image, jointState, multiArray, mutated, odometry, pose, twist } from "./messages.js";

const colour = pictureOf({ encoding: "rgb8", layout: "channels_first" }, [3, 2, 2]);
const depth = pictureOf({ encoding: "32FC1", layout: "channels_first" }, [1, 2, 2]);
const dim = [
  { label: "", size: 2, stride: 4 },
  { label: "", size: 2, stride: 2 },
];
const png = await sharp(image().data, { raw: { width: 2, height: 2, channels: 3 } })
  .png()
  .toBuffer();
const TWIST = "geometry_msgs/msg/TwistStamped";
const POSE = "geometry_msgs/msg/PoseStamped";
const ODOMETRY = "nav_msgs/msg/Odometry";
const doubles = "std_msgs/msg/Float64MultiArray";

const readers: [string, Reader, object, width: number][] = [
  [
    "JointState",
    new JointStateReader({ joints: ["elbow", "wrist"], field: "position" }, 2, UNSCALED),
    jointState(),
    2,
  ],
  ["PoseStamped", fieldsReader({ type: POSE, fields: ["pose"] }, 7, UNSCALED), pose(), 7],
  ["the points of a PoseStamped", bodyPointsReader([[1, 2]], 2, UNSCALED), pose(), 2],
  ["TwistStamped", fieldsReader({ type: TWIST, fields: ["twist"] }, 6, UNSCALED), twist(), 6],
  [
    "Odometry",
    fieldsReader({ type: ODOMETRY, fields: ["pose", "twist"], rotation: "rotation_6d" }, 15, UNSCALED),
    odometry(),
    15,
  ],
  [
    "MultiArray",
    multiArrayReader(doubles, [2, 2], UNSCALED),
    multiArray(Float64Array.of(0, 1, 2, 3, 4), { dim, data_offset: 1 }),
    4,
  ],
  ["Image", imageReader(colour, UNSCALED), image(), 12],
  [
    "an Image of depths",
    imageReader(depth, UNSCALED),
    image({ encoding: "32FC1", step: 8, data: new Uint8Array(16) }),
    4,
  ],
  [
    "CompressedImage",
    await compressedImageReader(colour, UNSCALED),
    { header, format: "png", data: Uint8Array.from(png) },
    12,
  ],
];

describe.each(readers)("a reader of %s", (_, reader, message, width) => {
  const isSound = async (anything: unknown) => {
    const reading = await reader.read(anything);
    if (!reading.ok) {
      expect(reading.problem.length).toBeGreaterThan(8);
      expect(reading.problem.length).toBeLessThan(400);
      return;
    }
    expect(reading.values).toHaveLength(width);
    expect(reading.values.every(Number.isFinite)).toBe(true);
  };

  test("reads such a message", async () => {
    expect(await reader.read(message)).toMatchObject({ ok: true });
  });

  test("gives a finite reading or says what is wrong, whatever comes", async () => {
    const anything = fc.anything({
      withBigInt: true,
      withTypedArray: true,
      withNullPrototype: true,
      withSet: true,
    });
    await fc.assert(fc.asyncProperty(anything, isSound), { numRuns: 100 });
  });

  test("gives a finite reading or says what is wrong, whatever is wrong in one place", async () => {
    await fc.assert(fc.asyncProperty(mutated(message), isSound), { numRuns: 300 });
  });
});

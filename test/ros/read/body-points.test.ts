import fc from "fast-check";
import { expect, test } from "vitest";
import { observe, type PushTState } from "../../../sim/pusht/observation.js";
import { bodyPointsReader } from "../../../src/ros/read/body-points.js";
import { UNSCALED } from "../../../src/ros/scaling.js";
import { pose, QUARTER } from "./messages.js";
import { expectClose, problemOf, valuesOf } from "./readings.js";

/** Of the block of PushT, in metres: what the shipped policy sees of it. */
const KEYPOINTS = [
  [0.0092698, 0.090041],
  [-0.0609835, -0.0011867],
  [0.0609128, -0.0013934],
  [-0.0002705, 0.0255436],
  [-0.0140649, 0.1228159],
  [0.0390027, 0.0328574],
  [-0.0399664, 0.0327297],
  [-0.0168243, 0.0628632],
  [0.0235415, -0.0017003],
];

test("the block's pose in metres gives the keypoints of PushT in pixels", async () => {
  const reader = bodyPointsReader(KEYPOINTS, 18, { scale: 1000, offset: 0 });
  const pixel = fc.double({ min: 0, max: 512, noNaN: true });
  const state = fc.tuple(pixel, pixel, pixel, pixel, fc.double({ min: 0, max: 2 * Math.PI, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(state, async (state: PushTState) => {
      const [, , x, y, angle] = state;
      const orientation = { x: 0, y: 0, z: Math.sin(angle / 2), w: Math.cos(angle / 2) };
      const values = await valuesOf(reader, pose(orientation, { x: x / 1000, y: y / 1000, z: 0 }));
      const { keypoints } = observe(state);
      expectClose(values, keypoints, 1e-9);
    }),
  );
});

test("points of three coordinates turn in space", async () => {
  const reader = bodyPointsReader(
    [
      [1, 0, 0],
      [0, 0, 5],
    ],
    6,
    UNSCALED,
  );
  const values = await valuesOf(reader, pose(QUARTER));
  expectClose(values, [1, 3, 3, 1, 2, 8]);
});

test("says what is wrong with the pose", async () => {
  const reader = bodyPointsReader([[1, 0]], 2, UNSCALED);
  expect(await problemOf(reader, pose({ x: 0, y: 0, z: 0, w: 0 }))).toContain("nobody set it");
  expect(await problemOf(reader, pose(QUARTER, { x: 0, y: Number.NaN, z: 0 }))).toBe(
    "pose.position.y is NaN",
  );
  expect(await problemOf(reader, { header: pose().header })).toContain("pose.orientation is missing");
});

test("refuses points that differ in dimension, or give another number of values", () => {
  expect(() =>
    bodyPointsReader(
      [
        [1, 0],
        [1, 0, 0],
      ],
      4,
      UNSCALED,
    ),
  ).toThrow("the first has 2 coordinates, another 3");
  expect(() => bodyPointsReader([[1, 0]], 18, UNSCALED)).toThrow("give 2 values, but the policy wants 18");
});

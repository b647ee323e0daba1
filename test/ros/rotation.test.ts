import fc from "fast-check";
import { expm, type Matrix, matrix } from "mathjs";
import { describe, expect, test } from "vitest";
import {
  fromAxisAngle,
  fromRotation6d,
  IDENTITY,
  rotationMatrix,
  unitQuaternion,
} from "../../src/ros/rotation.js";
import { expectClose } from "./read/readings.js";

const angle = fc.double({ min: -4, max: 4, noNaN: true });
const vector = fc.tuple(angle, angle, angle);

/** The matrix of a rotation vector as its definition has it: the exponential of the cross product with it. */
function exponential([x, y, z]: readonly number[]): number[] {
  const cross = matrix([
    [0, -z, y],
    [z, 0, -x],
    [-y, x, 0],
  ]);
  return ((expm(cross) as unknown as Matrix).toArray() as number[][]).flat();
}

test("an axis and angle turns as the exponential of its cross product does", () => {
  fc.assert(
    fc.property(vector, ([x, y, z]) => {
      expectClose(rotationMatrix(fromAxisAngle(x, y, z)), exponential([x, y, z]), 1e-9);
    }),
  );
});

test("a quarter turn about x takes y to z", () => {
  expectClose(rotationMatrix(fromAxisAngle(Math.PI / 2, 0, 0)), [1, 0, 0, 0, 0, -1, 0, 1, 0]);
});

test("no angle, and the smallest ones, are no division by zero", () => {
  expect(fromAxisAngle(0, 0, 0)).toEqual(IDENTITY);
  expectClose(fromAxisAngle(1e-12, 0, 0), [5e-13, 0, 0, 1], 1e-25);
});

describe("six numbers", () => {
  test("that are the first two rows of a rotation give that rotation", () => {
    fc.assert(
      fc.property(vector, (turn) => {
        const wanted = exponential(turn);
        expectClose(rotationMatrix(fromRotation6d(wanted.slice(0, 6))), wanted, 1e-9);
      }),
    );
  });

  test.each([
    [[Math.PI, 0, 0]],
    [[0, Math.PI, 0]],
    [[0, 0, Math.PI]],
    [[Math.PI * Math.SQRT1_2, Math.PI * Math.SQRT1_2, 0]],
  ])("that are half a turn about %j do too", (turn) => {
    const wanted = exponential(turn);
    expectClose(rotationMatrix(fromRotation6d(wanted.slice(0, 6))), wanted, 1e-9);
  });

  test("that are rows, not columns: a quarter turn about z has -1 in its first row", () => {
    expectClose(fromRotation6d([0, -1, 0, 1, 0, 0]), [0, 0, Math.SQRT1_2, Math.SQRT1_2]);
  });

  test("that are not orthonormal keep the direction of the first row, and the plane of both", () => {
    expectClose(fromRotation6d([0, -3, 0, 0.5, 7, 0]), [0, 0, Math.SQRT1_2, Math.SQRT1_2]);
  });

  test("always give a unit quaternion with w not negative", () => {
    const number = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(fc.array(number, { minLength: 6, maxLength: 6 }), (rows) => {
        const quaternion = fromRotation6d(rows);
        expect(Math.hypot(...quaternion)).toBeCloseTo(1, 12);
        expect(quaternion[3]).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test.each([[[0, 0, 0, 1, 0, 0]], [[1, 0, 0, 2, 0, 0]], [[0, 0, 0, 0, 0, 0]]])(
    "without a direction of their own, %j, give the identity",
    (rows) => {
      expect(fromRotation6d(rows)).toEqual(IDENTITY);
    },
  );
});

test("a quaternion gets length 1; one of no length is the identity", () => {
  expectClose(unitQuaternion(0, 0, 3, 4), [0, 0, 0.6, 0.8]);
  expect(unitQuaternion(0, 0, 0, 1e-9)).toEqual(IDENTITY);
});

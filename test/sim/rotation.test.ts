import fc from "fast-check";
import { all, create, type MathType } from "mathjs";
import { describe, expect, it } from "vitest";
import { axisAngleToQuaternion, quaternionToAxisAngle } from "../../sim/rotation/axis-angle.js";
import { matrixToQuaternion, quaternionToMatrix } from "../../sim/rotation/matrix.js";
import {
  aboutZ,
  inverse,
  nearestSign,
  normalised,
  product,
  type Quaternion,
} from "../../sim/rotation/quaternion.js";
import { quaternionToSixD, sixDToQuaternion } from "../../sim/rotation/six-d.js";

const math = create(all, {});

const axisAngle = fc.tuple(
  ...([0, 1, 2].map(() => fc.double({ min: -1.8, max: 1.8, noNaN: true })) as [
    fc.Arbitrary<number>,
    fc.Arbitrary<number>,
    fc.Arbitrary<number>,
  ]),
);
const quaternion: fc.Arbitrary<Quaternion> = fc
  .tuple(
    ...([0, 1, 2, 3].map(() => fc.double({ min: -1, max: 1, noNaN: true })) as [
      fc.Arbitrary<number>,
      fc.Arbitrary<number>,
      fc.Arbitrary<number>,
      fc.Arbitrary<number>,
    ]),
  )
  .filter((q) => Math.hypot(...q) > 0.1)
  .map(normalised);

function expectClose(found: readonly number[], wanted: readonly number[], digits = 10) {
  expect(found).toHaveLength(wanted.length);
  found.forEach((value, k) => {
    expect(value).toBeCloseTo(wanted[k], digits);
  });
}

/** e^[w]×: what a rotation by an axis and an angle is, by mathjs. */
function exponential([x, y, z]: readonly number[]): number[] {
  const skew = [
    [0, -z, y],
    [z, 0, -x],
    [-y, x, 0],
  ];
  return (math.expm(math.matrix(skew) as never) as unknown as { toArray(): number[][] }).toArray().flat();
}

function multiplied(a: readonly number[], b: readonly number[]): number[] {
  const square = (m: readonly number[]) => [m.slice(0, 3), m.slice(3, 6), m.slice(6, 9)];
  return (math.multiply(square(a) as MathType, square(b) as MathType) as unknown as number[][]).flat();
}

describe("rotations", () => {
  it("by axis and angle are the matrix exponential", () => {
    fc.assert(
      fc.property(axisAngle, (turn) =>
        expectClose(quaternionToMatrix(axisAngleToQuaternion(turn)), exponential(turn), 9),
      ),
    );
  });

  it("multiply as their matrices do", () => {
    fc.assert(
      fc.property(quaternion, quaternion, (a, b) =>
        expectClose(
          quaternionToMatrix(product(a, b)),
          multiplied(quaternionToMatrix(a), quaternionToMatrix(b)),
        ),
      ),
    );
  });

  it("come back from every way to write them", () => {
    fc.assert(
      fc.property(quaternion, (q) => {
        for (const back of [
          axisAngleToQuaternion(quaternionToAxisAngle(q)),
          matrixToQuaternion(quaternionToMatrix(q)),
          sixDToQuaternion(quaternionToSixD(q)),
        ]) {
          expectClose(nearestSign(back, q), q, 7);
        }
      }),
    );
  });

  it("undo their inverse", () => {
    fc.assert(fc.property(quaternion, (q) => expectClose(product(q, inverse(q)), [0, 0, 0, 1])));
  });

  it("have known values", () => {
    const half = Math.SQRT1_2;
    expectClose(aboutZ(Math.PI / 2), [0, 0, half, half]);
    expectClose(quaternionToMatrix([0, 0, half, half]), [0, -1, 0, 1, 0, 0, 0, 0, 1]);
    expectClose(quaternionToSixD([1, 0, 0, 0]), [1, 0, 0, 0, -1, 0]);
    expectClose(quaternionToAxisAngle([1, 0, 0, 0]), [Math.PI, 0, 0]);
    expectClose(quaternionToAxisAngle([0, 0, 0, 1]), [0, 0, 0]);
  });

  it("by more than half a turn are told the shorter way round", () => {
    expectClose(quaternionToAxisAngle(axisAngleToQuaternion([0, 0, 1.5 * Math.PI])), [0, 0, -Math.PI / 2]);
  });
});

describe("rows that a network gives", () => {
  it("are straightened: the first keeps its direction, the second its half plane", () => {
    const matrix = quaternionToMatrix(sixDToQuaternion([2, 0, 0, 5, 3, 0]));
    expectClose(matrix, [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });

  it("are refused when they span no plane", () => {
    expect(() => sixDToQuaternion([1, 0, 0, 2, 0, 0])).toThrow("span no plane");
    expect(() => sixDToQuaternion([0, 0, 0, 0, 1, 0])).toThrow("span no plane");
  });
});

it("a sign follows the series", () => {
  expect(nearestSign([0, 0, 1, 0], [0, 0, -1, 0])).toEqual([-0, -0, -1, -0]);
  expect(nearestSign([0, 0, 1, 0], [0, 0, 1, 0])).toEqual([0, 0, 1, 0]);
});

import { describe, expect, it } from "vitest";
import { HAND_DOWN } from "../../../sim/arm/model.js";
import { aboutZ, product } from "../../../sim/rotation/quaternion.js";
import { fromAbsolute, fromDelta, fromPolicyAction, toPolicyAction } from "../../../sim/table/action.js";

const HAND = { position: [0.1, 0.2, 0.9], orientation: HAND_DOWN } as const;

function expectClose(found: readonly number[], wanted: readonly number[]) {
  expect(found).toHaveLength(wanted.length);
  found.forEach((value, k) => {
    expect(value).toBeCloseTo(wanted[k], 12);
  });
}

describe("a delta of 1", () => {
  it.each([0, 1, 2])("is 5 cm along world axis %i", (axis) => {
    const action = [0, 0, 0, 0, 0, 0, -1];
    action[axis] = 1;
    const { target, grip } = fromDelta(action, HAND);
    expectClose(
      target.position,
      HAND.position.map((at, d) => at + (d === axis ? 0.05 : 0)),
    );
    expectClose(target.orientation, HAND_DOWN);
    expect(grip).toBe(-1);
  });

  it.each([0, 1, 2])("is a turn by 0.5 rad about world axis %i, wherever the hand points", (axis) => {
    const action = [0, 0, 0, 0, 0, 0, 0];
    action[3 + axis] = 1;
    const hand = { ...HAND, orientation: product(aboutZ(0.7), HAND_DOWN) };
    const turn = [0, 0, 0, Math.cos(0.25)];
    turn[axis] = Math.sin(0.25);
    const { target } = fromDelta(action, hand);
    expectClose(target.orientation, product(turn as unknown as typeof HAND_DOWN, hand.orientation));
    expectClose(target.position, hand.position);
  });

  it("is the most there is, of every value", () => {
    const beyond = fromDelta([3, -8, 1.01, 0, 0, 40, 5], HAND);
    expect(beyond).toEqual(fromDelta([1, -1, 1, 0, 0, 1, 1], HAND));
  });
});

describe("an absolute action", () => {
  it("is a position, an axis times an angle, and the gripper", () => {
    const { target, grip } = fromAbsolute([0.1, -0.2, 0.95, 0, 0, Math.PI / 2, 1]);
    expect(target.position).toEqual([0.1, -0.2, 0.95]);
    expectClose(target.orientation, [0, 0, Math.SQRT1_2, Math.SQRT1_2]);
    expect(grip).toBe(1);
  });
});

describe("a policy's action", () => {
  it("is a position, the first two rows of the rotation matrix, and the gripper", () => {
    // A quarter turn about z takes x to y: its matrix has the rows (0, -1, 0) and (1, 0, 0).
    const action = [0.1, -0.2, 0.95, 0, -1, 0, 1, 0, 0, 0.5];
    const command = fromPolicyAction(action);
    expect(command.target.position).toEqual([0.1, -0.2, 0.95]);
    expectClose(command.target.orientation, [0, 0, Math.SQRT1_2, Math.SQRT1_2]);
    expect(command.grip).toBe(0.5);
    expectClose(toPolicyAction(command), action);
  });
});

it.each([
  ["absolute", () => fromAbsolute([0, 0, Number.NaN, 0, 0, 0, 0]), 7],
  ["delta", () => fromDelta([0, 0, 0, 0, 0, Number.POSITIVE_INFINITY, 0], HAND), 7],
  ["policy", () => fromPolicyAction([0, 0, 1, 1, 0, 0, 0, 1, 0, Number.NaN]), 10],
  ["short policy", () => fromPolicyAction([0, 0, 1]), 10],
])("%s actions that are not finite numbers, all of them, are refused", (_, read, width) => {
  expect(read).toThrow(`action must be ${width} finite numbers`);
});

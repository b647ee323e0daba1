import { describe, expect, test } from "vitest";
import { Actuation } from "../../src/control/actuation.js";
import { jointManifest } from "../policy/manifests.js";

const FRAME = Float64Array.of(0.5, 0, 0);
const actuation = (action: Readonly<Record<string, unknown>> = {}) =>
  new Actuation(jointManifest({ action: [{ name: "goal", unit: "rad", min: -2, max: 2, ...action }] }), 100);

describe("standstill", () => {
  test("is unknown to a robot that nothing measures", () => {
    expect(actuation().still(FRAME)).toHaveLength(0);
  });

  test("is where the robot is measured to be", () => {
    expect(actuation({ measured: "position[0]" }).still(FRAME)).toEqual(Float32Array.of(0.5));
  });

  test("is what the manifest says where standing still is a value of its own", () => {
    expect(actuation({ at_rest: 0 }).still(FRAME)).toEqual(Float32Array.of(0));
  });

  test("is what the robot was told last", () => {
    const one = actuation({ measured: "position[0]" });
    one.towards(Float32Array.of(1.5), FRAME);
    expect(one.still(FRAME)).toEqual(Float32Array.of(1.5));
    one.reset();
    expect(one.still(FRAME)).toEqual(Float32Array.of(0.5));
  });
});

describe("an action", () => {
  test("is told as it is inside the limits, and clipped to them", () => {
    const one = actuation();
    expect(one.towards(Float32Array.of(1), FRAME)).toEqual(Float32Array.of(1));
    expect(one.towards(Float32Array.of(3), FRAME)).toEqual(Float32Array.of(2));
  });

  test("is approached at the rate that the policy allows, from where the robot is measured to be", () => {
    const one = actuation({ measured: "position[0]", max_rate: 1 });
    const told = [1, 2, 3].map(() => one.towards(Float32Array.of(2), FRAME)[0]);
    expect(told).toEqual([0.6, 0.7, 0.8].map((value) => expect.closeTo(value, 6)));
  });
});

describe("what follows an action", () => {
  test("of a plan is held to the limits as it will be in its turn", () => {
    const one = actuation({ measured: "position[0]", max_rate: 1 });
    const planned = Float32Array.of(0.55, 2, 2, 2);
    planned.set(one.towards(planned.subarray(0, 1), FRAME));
    one.limitAhead(planned);
    const ahead = planned.slice(1);
    const told = [2, 2, 2].map((wanted) => one.towards(Float32Array.of(wanted), FRAME)[0]);
    expect(ahead).toEqual(Float32Array.from(told));
    expect(told[2]).toBeCloseTo(0.85, 6);
  });

  test("on the way to a standstill is the rest of the way", () => {
    const one = actuation({ measured: "position[0]", max_acceleration: 10 });
    for (const wanted of [0.6, 0.8, 1.1]) one.towards(Float32Array.of(wanted), FRAME);
    const first = one.still(FRAME)[0];
    const ahead = one.stillAhead(9);
    expect(ahead).toHaveLength(1);
    expect([first, ahead[0]]).toEqual([expect.closeTo(1.3, 6), expect.closeTo(1.4, 6)]);
    expect(one.stillAhead(0)).toHaveLength(0);
    expect(one.still(FRAME)).toEqual(ahead);
    expect(one.stillAhead(9)).toHaveLength(0);
  });

  test("at a standstill, or where nobody knows where that is, is nothing", () => {
    const one = actuation();
    expect(one.stillAhead(9)).toHaveLength(0);
    one.towards(Float32Array.of(1), FRAME);
    one.still(FRAME);
    expect(one.stillAhead(9)).toHaveLength(0);
  });
});

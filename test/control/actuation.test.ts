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

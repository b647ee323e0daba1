import { describe, expect, it } from "vitest";
import { ArrivalRate } from "../../../src/ros/transport/arrival-rate.js";

function measured(hz: number, seconds: number, jitterMs = 0) {
  const rate = new ArrivalRate();
  let at = 0;
  for (let k = 0; k <= hz * seconds; k++) {
    at = 5000 + (1000 * k) / hz + (k % 2 === 0 ? jitterMs : -jitterMs);
    rate.arrived(at);
  }
  return { rate, at };
}

describe("the rate of arrivals", () => {
  it.each([0.2, 1, 9.9, 100, 1000])("of %s Hz is measured", (hz) => {
    const { rate, at } = measured(hz, 30, 20 / hz);
    expect(rate.hz(at) / hz).toBeCloseTo(1, 1);
  });

  it("is 0 until two have come, and is known then", () => {
    const rate = new ArrivalRate();
    expect(rate.hz(0)).toBe(0);
    rate.arrived(0);
    expect(rate.hz(50)).toBe(0);
    rate.arrived(100);
    expect(rate.hz(100)).toBe(10);
  });

  it("falls while nothing comes", () => {
    const { rate, at } = measured(10, 5);
    expect(rate.hz(at + 150)).toBeCloseTo(10, 6);
    expect(rate.hz(at + 5000)).toBeCloseTo(0.2, 6);
  });

  it("is measured anew when time is set back", () => {
    const { rate } = measured(10, 5);
    for (let at = 0; at <= 2000; at += 50) rate.arrived(at);
    expect(rate.hz(2000)).toBeCloseTo(20, 6);
  });
});

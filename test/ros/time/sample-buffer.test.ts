import { describe, expect, it } from "vitest";
import { msToStamp } from "../../../src/ros/stamp.js";
import { SampleBuffer } from "../../../src/ros/time/sample-buffer.js";

/** The first of these samples that is still there, after all of them came. */
function firstOf(count: number, width: number): number {
  const buffer = new SampleBuffer();
  const values = new Float64Array(width);
  for (let ms = 0; ms < count; ms++)
    buffer.insert({ stampMs: ms, stamp: msToStamp(ms), marginMs: 0, values });
  expect(buffer.newest?.stampMs).toBe(count - 1);
  let first = 0;
  while (!buffer.at(first)) first++;
  return first;
}

describe("the samples of a key", () => {
  it("are kept for as long as memory allows: fewer of images than of joints", () => {
    expect(firstOf(5000, 7)).toBe(5000 - 1024);
    expect(firstOf(5000, 3 * 96 * 96)).toBe(5000 - 37);
    expect(firstOf(50, 3 * 480 * 640)).toBe(50 - 4);
  });

  it("are dropped when nothing can ask for them any more", () => {
    const buffer = new SampleBuffer();
    for (const ms of [0, 10, 20, 30]) {
      buffer.insert({ stampMs: ms, stamp: msToStamp(ms), marginMs: 0, values: new Float64Array(1) });
    }
    buffer.forgetBefore(25);
    expect([19, 25, 30].map((ms) => buffer.at(ms)?.stampMs)).toEqual([undefined, 20, 30]);
    buffer.clear();
    expect(buffer.newest).toBeUndefined();
  });
});

import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Reader, Reading } from "../../../src/ros/read/reader.js";
import { Intake } from "../../../src/ros/transport/intake.js";

const reading = (value: number): Reading => ({ ok: true, values: Float64Array.of(value), stamp: undefined });

/** A reader that decodes on another thread; the test says when it is done. */
function bench() {
  const open: ((reading: Reading) => void)[] = [];
  const failing: ((error: Error) => void)[] = [];
  const reader: Reader = {
    type: "sensor_msgs/msg/CompressedImage",
    read: () =>
      new Promise((resolve, reject) => {
        open.push(resolve);
        failing.push(reject);
      }),
  };
  const done: (readonly [Reading, number])[] = [];
  const intake = new Intake(reader, (read, { atMs }) => done.push([read, atMs]));
  const take = (atMs: number) => intake.take({}, { atMs, rosMs: atMs });
  return { open, failing, done, intake, take };
}

describe("messages whose reading takes its time", () => {
  it("are read one by one, the newest next, those in between dropped", async () => {
    const { open, done, intake, take } = bench();
    for (const at of [1, 2, 3, 4]) take(at);
    expect(open).toHaveLength(1);
    open[0](reading(10));
    await nextTurn();
    expect(open).toHaveLength(2);
    open[1](reading(40));
    await nextTurn();
    expect(done).toEqual([
      [reading(10), 1],
      [reading(40), 4],
    ]);
    expect(intake.dropped).toBe(2);
    take(5);
    expect(open).toHaveLength(3);
  });

  it("that were under way when everything began anew are not told", async () => {
    const { open, done, intake, take } = bench();
    take(1);
    take(2);
    intake.forget();
    open[0](reading(10));
    await nextTurn();
    take(3);
    open[1](reading(30));
    await nextTurn();
    expect(done).toEqual([[reading(30), 3]]);
  });

  it("that cannot be decoded are a problem, and the next is read", async () => {
    const { failing, open, done, take } = bench();
    take(1);
    take(2);
    failing[0](new Error("not a JPEG"));
    await nextTurn();
    open[1](reading(20));
    await nextTurn();
    expect(done).toEqual([
      [{ ok: false, problem: "cannot be decoded: not a JPEG" }, 1],
      [reading(20), 2],
    ]);
  });
});

import { describe, expect, it } from "vitest";
import { type News, Troubles } from "../../../src/ros/transport/troubles.js";

function bench() {
  const told: News[] = [];
  return { told, troubles: new Troubles((news) => told.push(news)) };
}

describe("troubles", () => {
  it("are told once per kind, whatever the numbers in them", () => {
    const { told, troubles } = bench();
    for (let k = 0; k < 1000; k++)
      troubles.seen("a", `stale: ${(k / 7).toFixed(2)} s old, 0.20 s allowed`, k);
    troubles.seen("a", "value 0 is NaN", 1000);
    troubles.seen("b", "stale: 3 s old, 0.20 s allowed", 1000);
    expect(told.map(({ text }) => text)).toEqual([
      "a: stale: 0.00 s old, 0.20 s allowed",
      "a: value 0 is NaN",
      "b: stale: 3 s old, 0.20 s allowed",
    ]);
    expect(troubles.of("a")).toBe("value 0 is NaN");
  });

  it("are over when nothing of them was seen for a second, and told anew when they come back", () => {
    const { told, troubles } = bench();
    for (const at of [0, 10, 20]) troubles.seen("a", "stale", at);
    troubles.fine("a", 1019);
    expect(told).toHaveLength(1);
    troubles.fine("a", 1020);
    troubles.fine("a", 1030);
    troubles.seen("a", "stale", 1040);
    expect(told).toEqual([
      { text: "a: stale", isOver: false },
      { text: "a: fine again after 3 messages: stale", isOver: true },
      { text: "a: stale", isOver: false },
    ]);
  });

  it("that come and go a thousand times a second are told of once", () => {
    const { told, troubles } = bench();
    for (let k = 0; k < 10_000; k++) {
      if (k % 2 === 0) troubles.seen("a", "stale", k);
      else troubles.fine("a", k);
    }
    expect(told).toHaveLength(1);
  });

  it("of ever new kinds do not flood the log", () => {
    const { told, troubles } = bench();
    for (let k = 0; k < 100; k++) troubles.seen("a", `joint ${"x".repeat(k)} is missing`, k);
    expect(told).toHaveLength(8);
    expect(troubles.of("a")).toBe(`joint ${"x".repeat(99)} is missing`);
  });
});

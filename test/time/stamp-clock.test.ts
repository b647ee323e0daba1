import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StampClock } from "../../src/time/stamp-clock.js";

const PERIOD_MS = 20;
const LEAK = 1e-4;
const offsets = fc.integer({ min: -1e12, max: 1e12 });
const delays = fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { minLength: 1, maxLength: 100 });

/** Sends one message per period; times in ms of our clock. */
function robot(offsetMs: number, stamps = new StampClock()) {
  return {
    /** @returns its age, when it is sent at `sentMs` by a clock that is off by `aheadMs` more than usual. */
    send(sentMs: number, delayMs: number, aheadMs = 0): number {
      return stamps.age(Math.round((sentMs + offsetMs + aheadMs) * 1000), sentMs + delayMs);
    },
    stamps,
  };
}

describe("StampClock", () => {
  it("tells by how much longer a message took, whatever the two clocks say", () => {
    fc.assert(
      fc.property(offsets, delays, fc.nat(50), (offset, extra, floor) => {
        const { send } = robot(offset);
        send(0, floor);
        send(PERIOD_MS, floor);
        extra.forEach((delay, i) => {
          const sent = (i + 2) * 1000;
          const age = send(sent, floor + delay);
          expect(age).toBeLessThanOrEqual(delay + 0.01);
          expect(age).toBeGreaterThanOrEqual(delay - LEAK * (sent + delay) - 0.01);
        });
      }),
    );
  });

  it("is never negative, and never more than the delay there was", () => {
    fc.assert(
      fc.property(offsets, delays, (offset, course) => {
        const { send } = robot(offset);
        course.forEach((delay, i) => {
          const age = send(i * PERIOD_MS, delay);
          expect(age).toBeGreaterThanOrEqual(0);
          expect(age).toBeLessThanOrEqual(delay + 0.01);
        });
      }),
    );
  });

  it("does not take drifting clocks for old messages", () => {
    for (const drift of [-50e-6, 50e-6]) {
      const stamps = new StampClock();
      for (let t = 0; t < 3_600_000; t += 100) {
        expect(stamps.age(Math.round(t * (1 + drift) * 1000), t + 5)).toBeLessThan(0.1);
      }
      expect(stamps.age(Math.round(3_600_000 * (1 + drift) * 1000), 3_600_000 + 205)).toBeGreaterThan(199);
    }
  });

  it("estimates anew when the robot's clock was restarted", () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 1e7 }), fc.integer({ min: 2, max: 50 }), (backMs, n) => {
        const { send } = robot(1e8);
        for (let i = 0; i < n; i++) send(i * PERIOD_MS, 5);
        // Set back by a little it could be a message that was overtaken, until the next one comes.
        const first = send(n * PERIOD_MS, 5, -backMs - PERIOD_MS);
        if (backMs + PERIOD_MS >= 1001) expect(first).toBe(0);
        send((n + 1) * PERIOD_MS, 5, -backMs - PERIOD_MS);
        send((n + 2) * PERIOD_MS, 5, -backMs - PERIOD_MS);
        expect(send((n + 3) * PERIOD_MS, 5, -backMs - PERIOD_MS)).toBeLessThan(0.01);
        expect(send((n + 4) * PERIOD_MS, 105, -backMs - PERIOD_MS)).toBeGreaterThan(99);
      }),
    );
  });

  it("tells the age of a message that was overtaken, and forgets nothing for it", () => {
    const { send } = robot(0);
    for (let i = 0; i < 10; i++) send(i * PERIOD_MS, 5);
    send(220, 5);
    expect(send(200, 65)).toBeCloseTo(60, 1);
    expect(send(240, 85)).toBeCloseTo(80, 1);
  });

  it("does not let a stamp from the future spoil later messages, at any rate of sending", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e13 }),
        fc.integer({ min: 1, max: 5000 }),
        fc.nat(10),
        (aheadMs, period, at) => {
          const { send } = robot(0);
          for (let i = 0; i < at; i++) send(i * period, 5);
          expect(send(at * period, 5, aheadMs)).toBe(0);
          for (let i = at + 1; i < at + 5; i++) {
            expect(send(i * period, 5)).toBeLessThan(LEAK * period * (at + 5) + 0.01);
          }
          expect(send((at + 5) * period, 205)).toBeGreaterThan(200 - LEAK * period * (at + 6) - 0.1);
        },
      ),
    );
  });

  it("follows a clock that is set, forth and back", () => {
    for (const jump of [30_000, 3_600_000]) {
      const { send } = robot(0);
      for (let i = 0; i < 100; i++) {
        const isAhead = i >= 30 && i < 60;
        const age = send(i * PERIOD_MS, 5, isAhead ? jump : 0);
        expect(age).toBeLessThan(0.01);
      }
      expect(send(100 * PERIOD_MS, 105)).toBeGreaterThan(99);
    }
  });

  it("forgets a robot on reset", () => {
    const { send, stamps } = robot(0);
    for (let i = 0; i < 10; i++) send(i * PERIOD_MS, 5);
    expect(send(200, 505)).toBeGreaterThan(499);
    stamps.reset();
    expect(send(220, 505)).toBe(0);
    expect(send(240, 505)).toBeLessThan(0.01);
  });
});

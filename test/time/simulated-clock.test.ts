import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SimulatedClock } from "../../src/time/simulated-clock.js";

const moments = fc.array(fc.integer({ min: -20, max: 100 }), { maxLength: 30 });

describe("SimulatedClock", () => {
  it("rings what is due, by moment and then as set, each at its own moment", () => {
    fc.assert(
      fc.property(moments, fc.integer({ min: 0, max: 100 }), (ats, end) => {
        const clock = new SimulatedClock();
        const rung: { at: number; i: number; now: number }[] = [];
        ats.forEach((at, i) => {
          clock.alarm(at, () => rung.push({ at, i, now: clock.now() }));
        });
        expect(rung).toEqual([]);
        clock.advanceTo(end);
        const due = ats.map((at, i) => ({ at, i, now: Math.max(0, at) })).filter(({ at }) => at <= end);
        expect(rung).toEqual(due.sort((a, b) => a.at - b.at || a.i - b.i));
        expect(clock.now()).toBe(end);
        clock.advance(0);
        expect(rung).toHaveLength(due.length);
      }),
    );
  });

  it("does not care in how many steps time advances", () => {
    fc.assert(
      fc.property(moments, fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 10 }), (ats, steps) => {
        const ring = (advances: readonly number[]) => {
          const clock = new SimulatedClock();
          const rung: number[][] = [];
          ats.forEach((at, i) => {
            clock.alarm(at, () => rung.push([i, clock.now()]));
          });
          for (const ms of advances) clock.advance(ms);
          return rung;
        };
        const whole = steps.reduce((sum, ms) => sum + ms, 0);
        expect(ring(steps)).toEqual(ring(steps.length === 0 ? [] : [whole]));
      }),
    );
  });

  it("rings alarms set by alarms within the same advance, in their order", () => {
    const clock = new SimulatedClock();
    const rung: string[] = [];
    clock.alarm(10, () => {
      rung.push("10");
      clock.alarm(20, () => rung.push("20, set at 10"));
      clock.alarm(5, () => rung.push(`5, at ${clock.now()}`));
    });
    clock.alarm(20, () => rung.push("20"));
    clock.alarm(15, () => rung.push("15"));
    clock.advance(20);
    expect(rung).toEqual(["10", "5, at 10", "15", "20", "20, set at 10"]);
  });

  it("takes back any alarm that has not rung, and no other", () => {
    fc.assert(
      fc.property(moments, fc.array(fc.nat(29)), (ats, cancelled) => {
        const clock = new SimulatedClock(-20);
        const rung: number[] = [];
        const cancels = ats.map((at, i) => clock.alarm(at, () => rung.push(i)));
        for (const i of cancelled) cancels[i]?.();
        clock.advanceTo(100);
        for (const cancel of cancels) cancel();
        expect(rung.sort((a, b) => a - b)).toEqual(
          ats.map((_, i) => i).filter((i) => !cancelled.includes(i)),
        );
      }),
    );
  });

  it("lets an alarm take back one that is due at the same moment", () => {
    const clock = new SimulatedClock();
    const rung: string[] = [];
    clock.alarm(1, () => {
      rung.push("first");
      cancel();
    });
    const cancel = clock.alarm(1, () => rung.push("second"));
    clock.advance(5);
    expect(rung).toEqual(["first"]);
  });

  it("goes on when the simulation's time is set back, ringing nothing twice", () => {
    const clock = new SimulatedClock();
    const rung: [string, number][] = [];
    clock.alarm(50, () => rung.push(["before", clock.now()]));
    clock.alarm(130, () => rung.push(["after", clock.now()]));
    clock.advanceTo(100);
    clock.advanceTo(0);
    expect(clock.now()).toBe(100);
    clock.advanceTo(20);
    expect(rung).toEqual([["before", 50]]);
    clock.advanceTo(60);
    expect(rung).toEqual([
      ["before", 50],
      ["after", 130],
    ]);
    expect(clock.now()).toBe(160);
  });

  it("never goes back and rings each alarm once over any course of the simulation's time", () => {
    fc.assert(
      fc.property(moments, fc.array(fc.integer({ min: -50, max: 150 })), (ats, course) => {
        const clock = new SimulatedClock();
        const count = ats.map(() => 0);
        ats.forEach((at, i) => {
          clock.alarm(at, () => count[i]++);
        });
        for (const t of course) {
          const before = clock.now();
          clock.advanceTo(t);
          expect(clock.now()).toBeGreaterThanOrEqual(before);
        }
        const due = ats.map((at) => (course.length > 0 && at <= clock.now() ? 1 : 0));
        expect(count).toEqual(due);
      }),
    );
  });

  it("rings late what fell due while it was stalled", () => {
    const clock = new SimulatedClock();
    const rung: number[] = [];
    clock.alarm(10, () => rung.push(clock.now()));
    clock.stall(35);
    expect(rung).toEqual([]);
    clock.advance(0);
    expect(rung).toEqual([35]);
  });

  it("refuses to be advanced by an alarm, and works on after one that throws", () => {
    const clock = new SimulatedClock();
    clock.alarm(1, () => clock.advance(1));
    clock.alarm(2, () => {});
    expect(() => clock.advance(5)).toThrow("stall");
    clock.advance(5);
    expect(clock.now()).toBe(6);
  });

  it("refuses moments that are none", () => {
    const clock = new SimulatedClock();
    expect(() => clock.advance(-1)).toThrow("-1 ms");
    expect(() => clock.advanceTo(Number.POSITIVE_INFINITY)).toThrow("Infinity ms");
    expect(() => clock.alarm(Number.NaN, () => {})).toThrow("NaN ms");
    expect(() => clock.stall(Number.NaN)).toThrow("NaN ms");
  });
});

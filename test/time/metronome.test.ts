import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Metronome } from "../../src/time/metronome.js";
import { SimulatedClock } from "../../src/time/simulated-clock.js";

interface Beat {
  readonly n: number;
  readonly late: number;
  readonly skipped: number;
  readonly now: number;
}

const periods = fc.double({ min: 0.1, max: 50, noNaN: true });
const starts = fc.double({ min: -500, max: 1e9, noNaN: true });
const spells = fc.array(
  fc.record({ stall: fc.boolean(), ms: fc.double({ min: 0, max: 200, noNaN: true }) }),
  { maxLength: 20 },
);

function listen(clock: SimulatedClock, period: number, during: (n: number) => void = () => {}) {
  const beats: Beat[] = [];
  const metronome = new Metronome(clock, period, (n, late, skipped) => {
    beats.push({ n, late, skipped, now: clock.now() });
    during(n);
  });
  return { metronome, beats };
}

describe("Metronome", () => {
  it("skips after a stall and never bursts, and accounts for every elapsed period", () => {
    fc.assert(
      fc.property(periods, starts, spells, (period, start, course) => {
        const clock = new SimulatedClock(start);
        const { metronome, beats } = listen(clock, period);
        metronome.start();
        for (const { stall, ms } of course) stall ? clock.stall(ms) : clock.advance(ms);
        clock.advance(0);
        let next = 0;
        for (const { n, late, skipped, now } of beats) {
          const moment = start + n * period;
          expect(n).toBe(next + skipped);
          expect(skipped).toBeGreaterThanOrEqual(0);
          expect(late).toBe(now - moment);
          expect(late).toBeGreaterThanOrEqual(0);
          expect(now).toBeLessThan(start + (n + 1) * period);
          next = n + 1;
        }
        const skipped = beats.reduce((sum, beat) => sum + beat.skipped, 0);
        expect(beats.length + skipped).toBe(next);
        // Every period that began has its beat, and no other has.
        expect(start + (next - 1) * period).toBeLessThanOrEqual(clock.now());
        expect(start + next * period).toBeGreaterThan(clock.now());
      }),
    );
  });

  it("does not drift: no beat moves another", () => {
    const clock = new SimulatedClock();
    const { metronome, beats } = listen(clock, 10, (n) => clock.stall(n === 2 ? 37 : 3));
    metronome.start();
    clock.advance(80);
    expect(beats).toEqual([
      { n: 0, late: 0, skipped: 0, now: 0 },
      { n: 1, late: 0, skipped: 0, now: 10 },
      { n: 2, late: 0, skipped: 0, now: 20 },
      { n: 5, late: 7, skipped: 2, now: 57 },
      { n: 6, late: 0, skipped: 0, now: 60 },
      { n: 7, late: 0, skipped: 0, now: 70 },
      { n: 8, late: 0, skipped: 0, now: 80 },
    ]);
  });

  it("begins at a moment to come, or skips the beats of one long past", () => {
    const clock = new SimulatedClock(100);
    const { metronome, beats } = listen(clock, 10);
    metronome.start(125);
    clock.advance(24);
    expect(beats).toEqual([]);
    clock.advance(1);
    expect(beats).toEqual([{ n: 0, late: 0, skipped: 0, now: 125 }]);
    metronome.start(101);
    clock.advance(0);
    expect(beats[1]).toEqual({ n: 2, late: 4, skipped: 2, now: 125 });
  });

  it("is not early where the arithmetic rounds", () => {
    const period = 22.200000000000003;
    const clock = new SimulatedClock(427.3);
    const { metronome, beats } = listen(clock, period);
    metronome.start(72.1);
    // (427.3 - 72.1) / period rounds to 16, although beat 16 belongs to a moment after 427.3.
    clock.advance(0);
    expect(beats.map(({ n }) => n)).toEqual([15]);
    expect(beats[0].late).toBeGreaterThanOrEqual(0);
  });

  it("is silent once stopped, also from within a beat, and starts over", () => {
    const clock = new SimulatedClock();
    const { metronome, beats } = listen(clock, 10, (n) => {
      if (n === 1) metronome.stop();
    });
    metronome.start();
    clock.advance(100);
    expect(beats.map(({ n }) => n)).toEqual([0, 1]);
    metronome.start();
    clock.advance(5);
    metronome.stop();
    clock.advance(100);
    expect(beats.map(({ n }) => n)).toEqual([0, 1, 0]);
  });

  it("beats on after a beat that throws", () => {
    const clock = new SimulatedClock();
    const { metronome, beats } = listen(clock, 10, (n) => {
      if (n === 0) throw new Error("the robot's fault");
    });
    metronome.start();
    expect(() => clock.advance(0)).toThrow("the robot's fault");
    clock.advance(10);
    expect(beats.map(({ n }) => n)).toEqual([0, 1]);
  });

  it("keeps its beat when the simulation's time is set back", () => {
    const clock = new SimulatedClock();
    const { metronome, beats } = listen(clock, 10);
    metronome.start();
    clock.advanceTo(20);
    clock.advanceTo(3);
    clock.advanceTo(33);
    expect(beats.map(({ n, late }) => [n, late])).toEqual([0, 1, 2, 3, 4, 5].map((n) => [n, 0]));
  });

  it("refuses a period or a start that is none", () => {
    for (const period of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new Metronome(new SimulatedClock(), period, () => {})).toThrow(`${period} ms`);
    }
    const { metronome } = listen(new SimulatedClock(), 1);
    expect(() => metronome.start(Number.NaN)).toThrow("NaN ms");
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amountGrowth, countGrowth, type Series } from "../../src/bench/growth.js";

const RULE = { share: 0.05, least: 2e6 };

/** A sample every 500 ticks of a run of 100,000. */
function series(value: (tick: number) => number, unit = "B"): Series {
  const ticks = Array.from({ length: 200 }, (_, k) => 500 * (k + 1));
  return { name: "heap", unit, ticks, values: ticks.map(value) };
}

/** Between -1 and 1, the same at every run. */
const noise = (tick: number) => Math.sin(12.9898 * tick) * Math.cos(78.233 * tick);

describe("amountGrowth", () => {
  it("finds a leak of a hundred bytes per tick, and its slope", () => {
    const leak = amountGrowth(
      series((tick) => 50e6 + 100 * tick + 1e5 * noise(tick)),
      RULE,
    );
    expect(leak.grows).toBe(true);
    expect(leak.per_1000_ticks).toBeGreaterThan(95e3);
    expect(leak.per_1000_ticks).toBeLessThan(105e3);
    expect(leak.per_1000_ticks_error).toBeLessThan(1e3);
    expect(leak.growth_percent).toBeCloseTo((100 * 50e3 * 100) / 53.75e6, 0);
  });

  it("finds no leak in what grows during warm-up alone, nor in noise", () => {
    const settles = amountGrowth(
      series((tick) => 30e6 + 20e6 * Math.min(1, tick / 20_000)),
      RULE,
    );
    expect(settles).toMatchObject({ grows: false, growth_percent: 0, per_1000_ticks: 0 });
    expect(
      amountGrowth(
        series((tick) => 50e6 + 5e6 * noise(tick)),
        RULE,
      ).grows,
    ).toBe(false);
  });

  it("asks for both: a share of the level, and more than a small level's breathing", () => {
    const up = (level: number, by: number) =>
      amountGrowth(
        series((tick) => level + (tick > 60_000 ? by : 0)),
        RULE,
      ).grows;
    expect(up(100e6, 3e6)).toBe(false);
    expect(up(10e6, 1e6)).toBe(false);
    expect(up(10e6, 3e6)).toBe(true);
  });

  it("only shows what it is given no rule for", () => {
    expect(amountGrowth(series((tick) => tick, "ms"))).toMatchObject({ grows: null, rule: "" });
  });

  it("gives the slope of any straight line, without error", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: -1e3, max: 1e3, noNaN: true }),
        (level, slope) => {
          const line = amountGrowth(
            series((tick) => level + slope * tick),
            RULE,
          );
          expect(line.per_1000_ticks).toBeCloseTo(1000 * slope, -1);
          expect(Math.abs(line.per_1000_ticks_error)).toBeLessThan(1);
        },
      ),
    );
  });

  it("refuses to judge a run without samples in every quarter", () => {
    const short = { name: "heap", unit: "B", ticks: [10, 100], values: [1, 2] };
    expect(() => amountGrowth(short, RULE)).toThrow("at least one in every quarter");
  });
});

describe("countGrowth", () => {
  it("finds one handle left behind every 30,000 ticks", () => {
    expect(countGrowth(series((tick) => 9 + Math.floor(tick / 30_000))).grows).toBe(true);
  });

  it("takes one that comes and goes for none, and one that is opened during warm-up", () => {
    expect(countGrowth(series((tick) => 9 + (tick % 7000 === 0 ? 1 : 0))).grows).toBe(false);
    expect(countGrowth(series((tick) => (tick < 20_000 ? 9 : 14))).grows).toBe(false);
  });
});

import { describe, expect, test } from "vitest";
import { Profile, type ProfileSettings } from "../../src/profile/profile.js";
import type { LoopEvent, TickRecord } from "../../src/telemetry/loop-event.js";
import { failed, observation, order, plan, solved, step, tick } from "./loop-stream.js";

const limits = [
  { name: "x", min: 0, max: 1 },
  { name: "y", min: 0, max: 1 },
];
const settings: ProfileSettings = { tickMs: 100, warmupTicks: 0, limits, maxObservationAgeMs: 150 };
const context = { score: null, settings: {}, eventLoop: null };

function profiled(events: readonly LoopEvent[], change: Partial<ProfileSettings> = {}) {
  const profile = new Profile({ ...settings, ...change });
  for (const event of events) profile.watch(event);
  return profile.finish(context);
}

const steps = (count: number, of: (k: number) => Parameters<typeof step>[1] = () => ({})) =>
  Array.from({ length: count }, (_, k) => step(k, of(k))).flat();

/** Ticks of a paced robot that began and were out at these milliseconds. */
const paced = (...times: Array<readonly [begun: number, out: number, change?: Partial<TickRecord>]>) =>
  times.flatMap(([begun, out, change], k) => [
    observation({ id: k, step: k, reply: "paced", at: begun }),
    tick({ id: k, step: k, at: out, endToEndMs: out - begun, ...change }),
  ]);

/** Within the three digits that a histogram keeps. */
const about = (value: number) => expect.closeTo(value, 2 - Math.floor(Math.log10(value)));

describe("quantiles", () => {
  const result = profiled(
    steps(1000, (k) => ({ solve: 1 + k / 100, change: { overheadMs: (k + 1) / 1000 } })),
  );

  test("are those of the stream, in the units of their names", () => {
    const { stages, end_to_end_ms, overhead_us } = result;
    expect(stages.solve.p50 / 5.99).toBeCloseTo(1, 2);
    expect(stages.solve.p90 / 9.99).toBeCloseTo(1, 2);
    expect(stages.solve.p99 / 10.89).toBeCloseTo(1, 2);
    expect(stages.solve.p999 / 10.98).toBeCloseTo(1, 2);
    expect(stages.solve.max).toBe(10.99);
    expect(end_to_end_ms.max).toBe(11.29);
    expect(overhead_us.p50 / 500).toBeCloseTo(1, 2);
    expect(overhead_us.max).toBe(1000);
    expect(result.overhead_share.p99 / 0.0099).toBeCloseTo(1, 2);
  });

  test("of the overhead are told apart by what the action had waited for", () => {
    const triggers = ["observation", "solve"] as const;
    const { overhead_by_cause_us } = profiled(
      steps(10, (k) => ({ change: { trigger: triggers[k % 2], overheadMs: k % 2 === 0 ? 0.1 : 2 } })),
    );
    expect(Object.keys(overhead_by_cause_us).sort()).toEqual([...triggers]);
    expect(overhead_by_cause_us).toMatchObject({
      observation: { count: 5, max: 100 },
      solve: { count: 5, max: 2000 },
    });
  });

  test("are there for every stage and every sweep, in the order of a tick", () => {
    expect(Object.keys(result.stages)).toEqual([
      "receive",
      "history",
      "normalise",
      "queue",
      "solve",
      "sweep 1",
      "sweep 2",
      "sweep 3",
      "network",
      "denormalise",
      "deliver",
      "plan",
      "publish",
    ]);
    expect(result.stages["sweep 2"].p50).toEqual(about(6));
    expect(result.stages.publish.max).toBe(0.04);
  });

  test("count a solve that no tick used, or that was cut short: those are the slow ones", () => {
    const events = [
      ...steps(3),
      order({ order: 9 }),
      solved({ order: 9, result: failed("stopped", { solve: 70 }) }),
    ];
    expect(profiled(events).stages.solve).toMatchObject({ count: 4, max: 70 });
  });

  test("of no ticks at all are zeros, and JSON", () => {
    const result = profiled([]);
    expect(result).toMatchObject({ ticks: 0, pace: "none", stages: {}, end_to_end_ms: { count: 0, p99: 0 } });
    expect(JSON.stringify(result)).not.toContain("null,null");
  });

  test("tell how late alarms were", () => {
    const alarms = [1, 2, 30].map(
      (late) => ({ kind: "alarm", at: 500 + late, due: 500, robot: "arm" }) as const,
    );
    expect(profiled(alarms).alarm_late_us).toMatchObject({ count: 3, max: 30_000 });
  });
});

describe("warm-up", () => {
  test("is in no statistic", () => {
    const slowStart = (k: number) => (k < 5 ? { solve: 900, change: { missed: true, overheadMs: 50 } } : {});
    const result = profiled(steps(12, slowStart), { warmupTicks: 5 });
    expect(result).toMatchObject({ ticks: 7, warmup_ticks: 5, missed: 0, ladder: { fresh: 7 } });
    expect(result.stages.solve).toMatchObject({ count: 7, max: 18 });
    expect(result.end_to_end_ms.max).toBe(18.3);
    expect(result.overhead_us.max).toBe(200);
  });

  test("is also a new worker's first solve, after the first was lost", () => {
    const worker = (state: "lost" | "ready") => ({ kind: "worker", at: 0, state, message: "" }) as const;
    const events = [
      worker("ready"),
      ...step(0),
      worker("lost"),
      worker("ready"),
      ...step(1, { solve: 400, change: { missed: true } }),
      ...step(2),
    ];
    const result = profiled(events);
    expect(result).toMatchObject({ ticks: 2, warmup_ticks: 1, missed: 0, workers_lost: 1 });
    expect(result.stages.solve).toMatchObject({ count: 2, max: 18 });
  });

  test("is no excuse for an unsafe action", () => {
    const events = steps(1, () => ({ change: { action: Float32Array.of(2, 0) } }));
    expect(profiled(events, { warmupTicks: 5 }).unsafe_actions).toBe(1);
  });
});

describe("coordinated omission", () => {
  test("a stall's ticks are entered with the latency they would have had", () => {
    const { end_to_end_ms, end_to_end_uncorrected_ms, omitted_ticks, pace } = profiled(
      paced([0, 20], [100, 120], [500, 520]),
    );
    // Due at 200, 300 and 400, answered at 520.
    expect(omitted_ticks).toBe(3);
    expect(end_to_end_ms).toMatchObject({ count: 6, max: 320, mean: (3 * 20 + 320 + 220 + 120) / 6 });
    expect(end_to_end_uncorrected_ms).toMatchObject({ count: 3, max: 20 });
    expect(pace).toBe("paced");
  });

  test("a tick that was due before the previous action went out was answered by that", () => {
    const { end_to_end_ms, omitted_ticks } = profiled(paced([0, 250], [300, 320]));
    expect(omitted_ticks).toBe(2);
    expect(end_to_end_ms.max).toBe(250);
    expect(end_to_end_ms.mean).toBe((250 + 150 + 50 + 20) / 4);
  });

  test("a burst of ticks that began in time misses nothing, and jitter neither", () => {
    expect(profiled(paced([0, 320], [100, 321], [200, 322], [300, 323])).omitted_ticks).toBe(0);
    expect(profiled(paced([0, 20], [140, 160], [200, 220])).omitted_ticks).toBe(0);
  });

  test("a world in lock-step waits: nothing is corrected", () => {
    const result = profiled(steps(4, () => ({ period: 5000 })));
    expect(result).toMatchObject({ omitted_ticks: 0, pace: "lock-step" });
    expect(result.end_to_end_ms).toEqual(result.end_to_end_uncorrected_ms);
  });

  test("neither a new episode nor the silence after a controlled stop is a stall", () => {
    expect(profiled(paced([0, 20], [900, 920, { episode: 1 }])).omitted_ticks).toBe(0);
    expect(profiled(paced([0, 20, { rung: "stop" }], [9000, 9020])).omitted_ticks).toBe(0);
  });

  test("a machine that slept for a day does not keep the loop busy", () => {
    expect(profiled(paced([0, 20], [86_400_000_000, 86_400_000_020])).omitted_ticks).toBe(10_000);
  });
});

describe("silent ticks", () => {
  const acted = (...steps: number[]) => steps.map((step) => tick({ step }));

  test("are the holes between consecutive steps", () => {
    expect(profiled(acted(3, 4, 5, 6)).silent_ticks).toBe(0);
    expect(profiled(acted(3, 4, 7, 9)).silent_ticks).toBe(3);
  });

  test("begin with the first step that asked", () => {
    expect(profiled([observation({ step: 0 }), tick({ step: 2 })]).silent_ticks).toBe(2);
  });

  test("are none where no action was asked for, between episodes, and where a robot counts back", () => {
    const none = observation({ step: 1, reply: "none" });
    expect(profiled([tick({ step: 0 }), none, tick({ step: 2 })]).silent_ticks).toBe(0);
    expect(profiled([tick({ step: 0 }), tick({ step: 8, episode: 1 })]).silent_ticks).toBe(0);
    expect(profiled(acted(10, 8, 9)).silent_ticks).toBe(0);
  });

  test("are counted by robot", () => {
    const other = (step: number) => tick({ step, robot: "other" });
    expect(profiled([tick({ step: 0 }), other(7), tick({ step: 1 }), other(8)]).silent_ticks).toBe(0);
  });
});

describe("the culprit of a missed budget", () => {
  const late = (change: Partial<TickRecord>) => ({
    change: { missed: true, rung: "rest", ...change } as const,
  });

  test("is the stage furthest above its own median, not the longest", () => {
    const stages = { receive: 0.05, solve: 18, plan: 0.03, publish: 30 };
    const result = profiled(steps(20, (k) => (k === 12 ? late({ stages, endToEndMs: 49 }) : {})));
    expect(result).toMatchObject({ missed: 1, culprits: { publish: 1 } });
    expect(result.worst[0]).toMatchObject({
      tick: 12,
      step: 12,
      culprit: "publish",
      end_to_end_ms: 49,
      stages,
    });
  });

  test("of a solve that ends after its tick is what that solve then tells", () => {
    const stages = { receive: 0.05, history: 0.01, plan: 0.03, publish: 0.04 };
    const cut = [
      observation({ id: 20, step: 20 }),
      order({ order: 21, step: 20 }),
      tick({ step: 20, trigger: "deadline", rung: "hold", missed: true, stages, endToEndMs: 40, at: 3040 }),
      solved({ order: 21, result: failed("stopped", { queue: 35, solve: 10 }) }),
    ];
    const result = profiled([...steps(20), ...cut]);
    expect(result.culprits).toEqual({ queue: 1 });
    expect(result.worst[0].stages).toMatchObject({ queue: 35, solve: 10 });
  });

  test("is the longest stage when all are as long as ever: the budget is too small", () => {
    const stages = (k: number) => ({ receive: 0.05, solve: 18, plan: 0.03, publish: k % 2 ? 0.04 : 0.09 });
    expect(profiled(steps(20, (k) => late({ stages: stages(k) }))).culprits).toEqual({ solve: 20 });
  });

  test("is the solve, of a paced tick that did not wait for it, however short the tick was", () => {
    const stages = { receive: 0.5, history: 0.01, plan: 0.6, publish: 0.7 };
    const unwaited = [
      order({ order: 21, step: 20 }),
      tick({ step: 20, trigger: "observation", rung: "rest", missed: true, stages, endToEndMs: 2, at: 3002 }),
      solved({ order: 21 }),
    ];
    expect(profiled([...steps(20), ...unwaited]).culprits).toEqual({ solve: 1 });
  });

  test("is the solve when that never came to an end, and the worker when that failed", () => {
    const waiting = [order({ order: 21 }), tick({ step: 20, missed: true, endToEndMs: 40, at: 3040 })];
    const failure = solved({ order: 21, result: failed("worker-failed") });
    expect(profiled([...steps(20), ...waiting]).culprits).toEqual({ solve: 1 });
    expect(profiled([...steps(20), ...waiting, failure]).culprits).toEqual({ worker: 1 });
  });

  test("is the worker when the solve failed before its tick", () => {
    const down = [
      order({ order: 21, step: 20 }),
      solved({ order: 21, result: failed("worker-failed") }),
      tick({ step: 20, rung: "stop", missed: true, endToEndMs: 1, at: 3001 }),
    ];
    expect(profiled([...steps(20), ...down]).culprits).toEqual({ worker: 1 });
  });

  test("is the observation when the clock acted without one", () => {
    const alone = tick({ step: 20, id: null, trigger: "clock", rung: "hold", missed: true });
    expect(profiled([...steps(20), alone]).culprits).toEqual({ observation: 1 });
  });

  test("is a late alarm, or the collection of garbage that made it late", () => {
    const events = [
      ...steps(20),
      ...Array.from({ length: 9 }, () => ({ kind: "alarm", at: 2900.1, due: 2900, robot: "arm" }) as const),
      order({ order: 21 }),
      { kind: "alarm", at: 3090, due: 3040, robot: "arm" } as const,
      tick({ step: 20, trigger: "deadline", rung: "hold", missed: true, at: 3091, endToEndMs: 91 }),
      solved({ order: 21 }),
    ];
    expect(profiled(events).culprits).toEqual({ alarm: 1 });
    const profile = new Profile(settings);
    for (const event of events) profile.watch(event);
    profile.paused({ kind: "gc", at: 3038, ms: 50 });
    profile.paused({ kind: "gc", at: 1, ms: 500 });
    const { culprits, gc } = profile.finish(context);
    expect(culprits).toEqual({ gc: 1 });
    // The first came before the first tick.
    expect(gc).toEqual({ count: 1, total_ms: 50, max_ms: 50 });
  });
});

describe("unsafe actions", () => {
  const unsafe = (change: Partial<TickRecord>) => profiled([tick(change)]).unsafe;

  test("are those that are not finite or outside a limit, in any row that was sent", () => {
    expect(profiled(steps(9)).unsafe_actions).toBe(0);
    expect(unsafe({ action: Float32Array.of(0.5, Number.NaN) })).toEqual([
      "arm, episode 0, step 0: y is NaN in row 0, outside 0 to 1",
    ]);
    expect(unsafe({ ahead: Float32Array.of(0.5, 0.5, -0.25, 0.5) })).toEqual([
      "arm, episode 0, step 0: x is -0.25 in row 1, outside 0 to 1",
    ]);
    expect(unsafe({ rung: "hold", action: Float32Array.of(7, 0) })).toHaveLength(1);
    expect(unsafe({ action: Float32Array.of(1) })[0]).toContain("1 entries, not 2");
  });

  test("are not those that a float32 rounds past a limit, nor an action to stay as it is", () => {
    const tenth = { ...settings, limits: [{ name: "x", min: -0.1, max: 0.1 }] };
    const profile = new Profile(tenth);
    profile.watch(tick({ action: Float32Array.of(0.1), ahead: Float32Array.of(0.1, -0.1) }));
    profile.watch(tick({ step: 1, rung: "hold", action: new Float32Array(), ahead: new Float32Array() }));
    expect(profile.finish(context).unsafe).toEqual([]);
  });

  test("are those of an observation that is too old; to hold needs none", () => {
    const old = plan({ ageMs: 151 });
    expect(unsafe({ plan: old })[0]).toContain("151.0 ms old, above 150 ms");
    expect(unsafe({ plan: plan({ ageMs: Number.NaN }) })).toHaveLength(1);
    expect(unsafe({ plan: old, rung: "hold" })).toEqual([]);
    const { plan: _, ...none } = tick({ rung: "rest" });
    expect(profiled([none]).unsafe[0]).toContain("derives from no observation");
    expect(profiled([tick({ plan: old })], { maxObservationAgeMs: null }).unsafe_actions).toBe(0);
  });
});

test("the ladder and the refusals are counted", () => {
  const refused = { kind: "refused", at: 0, robot: "arm", id: 1, reason: "malformed", message: "" } as const;
  const rungs = ["fresh", "fresh", "iterate", "rest", "hold", "stop"] as const;
  const result = profiled([...rungs.map((rung, step) => tick({ rung, step })), refused, refused]);
  expect(result.ladder).toEqual({ fresh: 2, iterate: 1, rest: 1, hold: 1, stop: 1 });
  expect(result.refused).toEqual({ malformed: 2 });
});

describe("the plots", () => {
  test("of a long run keep every maximum, and stay small", () => {
    const profile = new Profile(settings);
    for (let k = 0; k < 20_000; k++) {
      const slow = k === 12_345;
      profile.watch(
        tick({ step: k, endToEndMs: slow ? 777 : 20, missed: slow, rung: slow ? "hold" : "fresh" }),
      );
    }
    const { series, endToEnd } = profile.plots();
    expect(series.tick.length).toBeLessThanOrEqual(1500);
    const at = series.endToEnd.indexOf(777);
    expect(series.tick[at]).toBeLessThanOrEqual(12_345);
    expect(series.tick[at] + series.ticksPerPoint).toBeGreaterThan(12_345);
    expect([series.missed[at], series.rung[at], series.median[at]]).toEqual([1, 3, 20]);
    expect(series.missed.reduce((a, b) => a + b)).toBe(1);
    expect(endToEnd.oneIn.at(-1)).toBe(20_000);
    expect(endToEnd.ms.at(-1)).toBe(777);
  });

  test("of a curve rise to the maximum, one in all", () => {
    const profile = new Profile(settings);
    for (let k = 0; k < 1000; k++) profile.watch(tick({ step: k, endToEndMs: 1 + k / 100 }));
    const { oneIn, ms } = profile.plots().endToEnd;
    expect([...ms].sort((a, b) => a - b)).toEqual(ms);
    expect(ms[oneIn.indexOf(10)] / 10).toBeCloseTo(1, 2);
    expect(ms.at(-1)).toBe(10.99);
  });
});

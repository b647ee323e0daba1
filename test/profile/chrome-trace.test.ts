import { describe, expect, test } from "vitest";
import { chromeTrace } from "../../src/profile/chrome-trace.js";
import type { TraceEvent } from "../../src/profile/trace-event.js";
import { TraceWindow } from "../../src/profile/trace-window.js";
import type { LoopEvent } from "../../src/telemetry/loop-event.js";
import { order, solved, step, tick } from "./loop-stream.js";

const traced = (events: Iterable<LoopEvent>): TraceEvent[] =>
  JSON.parse([...chromeTrace(events)].join("")).traceEvents;

/** A slice as a viewer reads it. */
interface Span {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
  readonly inside: string[];
}

/** Nests one thread's slices as a viewer does, and fails where one crosses the end of another. */
function spansOf(trace: readonly TraceEvent[], thread: string): Span[] {
  const tid = trace.find(({ ph, args }) => ph === "M" && args?.name === thread)?.tid;
  const slices = trace
    .filter((event) => event.ph === "X" && event.tid === tid)
    .map(({ name, ts = Number.NaN, dur = Number.NaN }) => ({ name, begin: ts, end: ts + dur }))
    .map((slice, k) => ({ ...slice, k }))
    .sort((a, b) => a.begin - b.begin || b.end - a.end || a.k - b.k);
  const open: Span[] = [];
  return slices.map(({ name, begin, end }) => {
    expect(end).toBeGreaterThanOrEqual(begin);
    while (open.length > 0 && open[open.length - 1].end <= begin + 1e-6) open.pop();
    for (const parent of open) expect(end).toBeLessThanOrEqual(parent.end + 1e-3);
    const span = { name, begin, end, inside: open.map((parent) => parent.name) };
    open.push(span);
    return span;
  });
}

const steps = (count: number) => Array.from({ length: count }, (_, k) => step(k)).flat();

describe("a Chrome trace", () => {
  const trace = traced(steps(5));

  test("has every stage on the thread it belongs to, and nothing inside anything on main", () => {
    const main = spansOf(trace, "main");
    expect(main.slice(0, 4).map(({ name }) => name)).toEqual(["receive", "history", "plan", "publish"]);
    expect(main).toHaveLength(4 * 5);
    expect(main.every(({ inside }) => inside.length === 0)).toBe(true);
    const [, , , publish] = main;
    expect(publish.end).toBeCloseTo(1000 * (1000 + 18.3), 0);
    expect(publish.end - publish.begin).toBeCloseTo(40, 3);
  });

  test("nests the sweeps in their solve, and the solve in its order", () => {
    const worker = spansOf(trace, "worker");
    expect(worker.slice(0, 7).map(({ name, inside }) => [...inside, name].join(" > "))).toEqual([
      "order 1",
      "order 1 > normalise",
      "order 1 > solve",
      "order 1 > solve > sweep 1",
      "order 1 > solve > sweep 2",
      "order 1 > solve > sweep 3",
      "order 1 > denormalise",
    ]);
    const [, , solve, first, , third] = worker;
    expect(solve.end - solve.begin).toBeCloseTo(18_000, 3);
    expect(first.begin).toBeCloseTo(solve.begin, 2);
    expect(third.end).toBeCloseTo(solve.end, 2);
  });

  test("shows the action that a robot has in hand until the next", () => {
    const arm = spansOf(trace, "robot arm");
    expect(arm).toHaveLength(5);
    for (let k = 1; k < arm.length; k++) expect(arm[k].begin).toBeCloseTo(arm[k - 1].end, 3);
  });

  test("counts residual and rung, and marks alarms, misses and refusals", () => {
    const trace = traced([
      { kind: "alarm", at: 41, due: 40, robot: "arm" },
      tick({ at: 42, rung: "hold", missed: true, reason: "late" }),
      { kind: "refused", at: 43, robot: "arm", id: 1, reason: "malformed", message: "" },
      { kind: "worker", at: 44, state: "lost", message: "" },
    ]);
    const marks = trace.filter(({ ph }) => ph === "i").map(({ name, ts }) => [name, ts]);
    expect(marks).toEqual([
      ["alarm", 41_000],
      ["missed", 42_000],
      ["refused: malformed", 43_000],
      ["worker lost", 44_000],
    ]);
    expect(trace.filter(({ ph }) => ph === "C").map(({ args }) => args)).toEqual([
      { rung: 3 },
      { residual: 0.01 },
    ]);
  });

  test("keeps slices apart that clock readings make overlap", () => {
    const events: LoopEvent[] = [
      order({ order: 1 }),
      solved({ at: 20, order: 1 }, { sweeps: [12, 12], solve: 18 }),
      solved({ at: 30, order: 2 }),
      tick({ at: 40, stages: { plan: 1, publish: 5 } }),
      tick({ at: 42, step: 1, stages: { plan: 0.1, publish: 4 } }),
    ];
    const trace = traced(events);
    expect(spansOf(trace, "main").every(({ inside }) => inside.length === 0)).toBe(true);
    expect(spansOf(trace, "worker").filter(({ inside }) => inside.length === 0)).toHaveLength(2);
  });

  test("ends each way between the threads that it begins", () => {
    const ways = trace.filter(({ ph }) => ph === "b" || ph === "e");
    const ids = (ph: string) => ways.filter((way) => way.ph === ph).map(({ id }) => id);
    expect(ids("b")).toHaveLength(2 * 5);
    expect(ids("e")).toEqual(ids("b"));
  });
});

test("a window keeps the last ticks with what led to them", () => {
  const recent = new TraceWindow(10);
  for (const event of steps(1003)) recent.watch(event);
  const kept = [...recent].filter((event) => event.kind === "tick").map((event) => event.step);
  expect(kept.length).toBeGreaterThanOrEqual(10);
  expect(kept.length).toBeLessThanOrEqual(20);
  expect(kept.at(-1)).toBe(1002);
  expect([...recent][0].kind).toBe("observation");
});

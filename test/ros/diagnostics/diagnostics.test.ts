import { describe, expect, it } from "vitest";
import type { Budgets } from "../../../src/control/budgets.js";
import { type Condition, Diagnostics } from "../../../src/ros/diagnostics/diagnostics.js";
import type { ClockHealth, ObservationHealth } from "../../../src/ros/health.js";
import type { LoopEvent, TickRecord } from "../../../src/telemetry/loop-event.js";
import { failed, observation, order, plan, solved, step, tick } from "../../profile/loop-stream.js";

const budgets: Budgets = { tick: 100, solve: 40, maxObservationAge: 2000, hold: 500 };
const setup = { policy: "pusht", solver: "semilinear (ddpm)", provider: "cpu, 2 threads", budgets };
const pose: ObservationHealth = {
  name: "keypoints",
  topic: "/block_pose",
  requiredHz: 10,
  measuredHz: 10,
  count: 120,
  ageMs: 30,
};
const transport = (...observations: Partial<ObservationHealth>[]): NonNullable<Condition["transport"]> => ({
  observations: observations.map((more) => ({ ...pose, ...more })),
  refused: 3,
  actions: [{ topic: "/target_pose", published: 120 }],
  episode: 2,
  steps: 118,
});
const clock: ClockHealth = { rosMs: 12_300, silentMs: 10, jumpsBack: 0 };

/** What a node says at `now` after these events. */
function report(events: readonly LoopEvent[], now: number, more: Partial<Condition> = {}) {
  const diagnostics = new Diagnostics("parapilot");
  const condition = { state: "active", now: 0, stamp: { sec: 1, nanosec: 2 }, setup, ...more } as const;
  const common: Condition = { transport: transport({}), ...condition };
  diagnostics.report(common);
  for (const event of events) diagnostics.watch(event);
  return diagnostics.report({ ...common, now });
}

function part(name: string, ...[events, now, more]: Parameters<typeof report>) {
  const status = report(events, now, more).status.find((each) => each.name === `parapilot: ${name}`);
  if (!status) throw new Error(`there is no status of ${name}`);
  const value = (key: string) => status.values.find((pair) => pair.key === key)?.value;
  return { ...status, value };
}

const loop = (...args: Parameters<typeof report>) => part("loop", ...args);
const solver = (...args: Parameters<typeof report>) => part("solver", ...args);
const observations = (...all: Partial<ObservationHealth>[]) =>
  part("observations", [], 0, { transport: transport(...all) });

/** Ticks every 100 ms from 100 ms on, paced. */
function ticks(count: number, changes: (k: number) => Partial<TickRecord> = () => ({})): LoopEvent[] {
  return Array.from({ length: count }, (_, k) => k).flatMap((k) => [
    observation({ at: 100 * (k + 1) - 5, id: k, step: k, reply: "paced" }),
    tick({ at: 100 * (k + 1), id: k, step: k, ...changes(k) }),
  ]);
}

describe("/diagnostics", () => {
  it("has a status for each part of the node, under the policy's name", () => {
    const { header, status } = report(ticks(20), 2000);
    expect(header).toEqual({ stamp: { sec: 1, nanosec: 2 }, frame_id: "" });
    expect(status.map(({ name, hardware_id }) => [name, hardware_id])).toEqual([
      ["parapilot: loop", "pusht"],
      ["parapilot: solver", "pusht"],
      ["parapilot: observations", "pusht"],
    ]);
    expect(report([], 0, { clock }).status.at(-1)?.name).toBe("parapilot: time");
  });

  it("says what to do before the node is active, without alarm", () => {
    const early = { state: "unconfigured", setup: undefined, transport: undefined } as never;
    const { status } = report([], 60_000, early);
    expect(status.every(({ level }) => level === 0)).toBe(true);
    expect(status[0]).toMatchObject({
      hardware_id: "",
      message: expect.stringMatching(/^unconfigured: .*ros2 lifecycle set parapilot configure$/),
    });
    const inactive = report(ticks(20), 60_000, { state: "inactive" });
    expect(inactive.status.map(({ level, message }) => [level, message.split(":")[0]])).toEqual([
      [0, "inactive"],
      [0, "ready, nothing solved within 10 s"],
      [0, "inactive"],
    ]);
  });
});

describe("the status of the loop", () => {
  it("is fine with fresh chunks at the policy's rate", () => {
    const found = loop(ticks(20), 2050);
    expect([found.level, found.message]).toEqual([0, "fresh chunks, 10.0 Hz"]);
    expect(found.value("tick rate")).toBe("10.0 Hz");
    expect(found.value("rung held for")).toBe("1.95 s");
    expect(found.value("observation to action, longest")).toBe("20.0 ms");
    expect(found.value("overhead, median")).toBe("0.20 ms");
    expect(found.value("oldest observation allowed")).toBe("2.00 s");
  });

  it("tells the worst age of what was acted on", () => {
    const aged = ticks(20, (k) => ({ plan: plan({ ageMs: k === 4 ? 777 : 50 }) }));
    expect(loop(aged, 2000).value("oldest observation acted on")).toBe("777 ms");
  });

  it.each([
    ["iterate", 1],
    ["rest", 1],
    ["hold", 2],
    ["stop", 2],
  ] as const)("on %s has level %i, with the reason and since when", (rung, level) => {
    const down = ticks(20, (k) => (k < 10 ? {} : { rung, reason: `trouble ${k}`, missed: true }));
    const found = loop(down, 2000);
    expect(found.level).toBe(level);
    expect(found.message).toContain(`${rung} for 900 ms: trouble 19`);
    expect(found.value("rung")).toBe(rung);
  });

  it("is no error to stop when told to", () => {
    const stop = ticks(20, () => ({ rung: "stop", reason: "the node was deactivated" }));
    const told = [
      { kind: "halt", at: 50, robot: "arm", reason: "the node was deactivated" } as const,
      ...stop,
    ];
    expect(loop(told, 2000)).toMatchObject({
      level: 0,
      message: "stop for 1.90 s: the node was deactivated",
    });
  });

  it("is no error while the first chunk of an episode is awaited", () => {
    const held = ticks(3, () => ({ rung: "hold", reason: "the first chunk is being solved" }));
    expect(loop(held, 300)).toMatchObject({
      level: 1,
      message: "hold for 200 ms: the first chunk is being solved",
    });
  });

  it("warns of misses for ten seconds, and counts them for ever", () => {
    const one = ticks(200, (k) => ({ missed: k === 5 }));
    const soon = loop(one.slice(0, 40), 2000);
    expect(soon.level).toBe(1);
    expect(soon.message).toBe("1 of 20 actions missed their deadline within 10 s");
    const later = loop(one, 20_000);
    expect([later.level, later.value("deadline misses within 10 s")]).toEqual([0, "0 of 100"]);
    expect(later.value("deadline misses")).toBe("1");
  });

  it("warns of steps without an action", () => {
    const skipping = ticks(20).filter((event) => event.kind !== "tick" || event.step !== 10);
    expect(loop(skipping, 2000)).toMatchObject({
      level: 1,
      message: "no action in 1 step within 10 s",
    });
  });

  it("warns of a slow loop, but not of a world in lock-step that takes its time", () => {
    const slow = (reply: "paced" | "once") =>
      ticks(20).flatMap((event) => {
        const at = 2 * (event as TickRecord).at;
        return event.kind === "observation" ? [{ ...event, at, reply }] : [{ ...event, at } as LoopEvent];
      });
    expect(loop(slow("paced"), 4000)).toMatchObject({ level: 1, message: "5.0 Hz instead of 10.0 Hz" });
    expect(loop(slow("once"), 4000).level).toBe(0);
  });

  it("is stale when no action goes out for a second, and says which observation is out", () => {
    const out = { transport: transport({ ageMs: 3400 }) };
    expect(loop(ticks(20), 2900).level).toBe(0 + 1);
    expect(loop(ticks(20), 5200, out)).toMatchObject({
      level: 3,
      message: "no action for 3.20 s; keypoints: nothing usable on /block_pose for 3.40 s",
    });
    expect(loop([], 900).level).toBe(0);
    expect(loop([], 1100).level).toBe(3);
  });

  it("begins anew when the node is activated again", () => {
    const diagnostics = new Diagnostics("parapilot");
    const at = (state: Condition["state"], now: number) =>
      diagnostics.report({
        state,
        now,
        stamp: { sec: 0, nanosec: 0 },
        setup,
        transport: transport({}),
      }).status[0].level;
    at("active", 0);
    for (const event of ticks(20, () => ({ rung: "stop", reason: "x", missed: true })))
      diagnostics.watch(event);
    expect(at("active", 2000)).toBe(2);
    expect(at("inactive", 3000)).toBe(0);
    expect(at("active", 60_000)).toBe(0);
    expect(at("active", 60_900)).toBe(0);
  });
});

describe("the status of the solver", () => {
  const solves = [0, 1, 2, 3].flatMap((k) => step(k));

  it("is fine with its figures", () => {
    const found = solver(solves, 2000);
    expect([found.level, found.message]).toEqual([0, "3.0 sweeps, 18.0 ms"]);
    expect(found.value("solver")).toBe("semilinear (ddpm)");
    expect(found.value("provider")).toBe("cpu, 2 threads");
    expect(found.value("solves accepted within 10 s")).toBe("4");
    expect(found.value("network evaluations, mean")).toBe("300");
    expect(found.value("residual")).toBe("0.010");
    expect(found.value("solve budget")).toBe("40.0 ms");
  });

  it("warns of solves that were cut short, but not of those that were only a start", () => {
    const cut: LoopEvent[] = [
      order({ at: 1500, order: 9 }),
      { kind: "candidate", at: 1540, robot: "arm", order: 9, candidate: undefined },
      solved({ at: 1541, order: 9, result: failed("stopped") }),
    ];
    expect(solver([...solves, ...cut], 2000)).toMatchObject({
      level: 1,
      message: "1 of 5 solves were cut short by budgets.solve (40.0 ms) within 10 s",
    });
    const start = cut.map((event) => (event.kind === "order" ? { ...event, isPredicted: true } : event));
    expect(solver([...solves, ...start], 2000).level).toBe(0);
    expect(solver([...solves, ...cut], 12_000).level).toBe(0);
  });

  it("is an error while solves fail", () => {
    const bad = solved({ at: 1500, order: 9, result: failed("worker-failed") });
    expect(solver([...solves, bad], 2000)).toMatchObject({
      level: 2,
      message: "1 of 5 solves failed within 10 s: no chunk",
    });
  });

  it("is an error while the worker is being replaced, and a warning just after", () => {
    const lost: LoopEvent = { kind: "worker", at: 1500, state: "lost", message: "it hung" };
    const ready: LoopEvent = { kind: "worker", at: 2500, state: "ready", message: "a new worker is ready" };
    const found = solver([...solves, lost], 2000);
    expect([found.level, found.value("worker")]).toEqual([2, "lost"]);
    expect(found.message).toBe("the inference worker was lost 500 ms ago and is being replaced: it hung");
    expect(solver([...solves, lost, ready], 3000)).toMatchObject({
      level: 1,
      message: "a new worker is ready",
    });
    expect(solver([lost, ready], 13_000)).toMatchObject({ level: 0 });
    expect(solver([lost, ready], 13_000).value("worker losses")).toBe("1");
  });
});

it("the status of the solver knows nothing of a policy that was unloaded, whatever the next one's clock says", () => {
  const diagnostics = new Diagnostics("parapilot");
  const at = (more: Partial<Condition>) =>
    diagnostics.report({ state: "inactive", now: 0, stamp: { sec: 0, nanosec: 0 }, ...more }).status[1];
  for (const event of step(0)) diagnostics.watch(event);
  diagnostics.watch({ kind: "worker", at: 1500, state: "lost", message: "it hung" });
  expect(at({ setup, now: 2000 }).level).toBe(2);
  at({ state: "unconfigured" });
  expect(at({ setup, now: 10 })).toMatchObject({ level: 0, message: "ready, nothing solved within 10 s" });
});

describe("the status of the observations", () => {
  it.each<[string, Partial<ObservationHealth>, number, string]>([
    ["all come in", {}, 0, "all 1 come in"],
    [
      "one has never come",
      { ageMs: undefined },
      2,
      "keypoints: nothing usable on /block_pose yet: is anything publishing it? ros2 topic info -v /block_pose",
    ],
    [
      "all of one were refused",
      { ageMs: undefined, problem: "joint elbow is missing" },
      2,
      "keypoints: nothing usable on /block_pose yet: joint elbow is missing",
    ],
    ["one has stopped", { ageMs: 1500 }, 3, "keypoints: nothing usable on /block_pose for 1.50 s"],
    [
      "one has stopped with a reason",
      { ageMs: 1500, problem: "value 3 is NaN" },
      3,
      "keypoints: nothing usable on /block_pose for 1.50 s: value 3 is NaN",
    ],
    ["some are refused", { problem: "value 3 is NaN" }, 1, "keypoints (/block_pose): value 3 is NaN"],
    ["one is slow", { measuredHz: 7 }, 1, "keypoints: 7.0 Hz on /block_pose, 10.0 Hz are required"],
    [
      "a slow one is as slow as it is to be",
      { requiredHz: 0.5, measuredHz: 0.5, ageMs: 1900 },
      0,
      "all 1 come in",
    ],
    ["one that is given once is old", { requiredHz: 0, measuredHz: 0, ageMs: 1e6 }, 0, "all 1 come in"],
  ])("when %s", (_, health, level, message) => {
    expect(observations(health)).toMatchObject({ level, message });
  });

  it("names an observation whose stamps are behind the others", () => {
    const lacking = { ...transport({}, { name: "goal" }), lacking: "goal" };
    expect(part("observations", [], 0, { transport: lacking })).toMatchObject({
      level: 1,
      message: "steps have no observation for want of goal",
    });
    const gone = { ...transport({}, { name: "goal", ageMs: 5000 }), lacking: "goal" };
    expect(part("observations", [], 0, { transport: gone }).message).toBe(
      "goal: nothing usable on /block_pose for 5.00 s",
    );
  });

  it("puts the worst first", () => {
    const found = observations(
      { measuredHz: 7 },
      { name: "agent_position", topic: "/agent_pose", ageMs: 2000 },
    );
    expect(found.level).toBe(3);
    expect(found.message).toMatch(/^agent_position: .*; keypoints: 7/);
  });

  it("tells the figures of each", () => {
    const found = observations({ problem: "value 3 is NaN" }, { name: "goal", requiredHz: 0 });
    expect(found.value("keypoints: rate")).toBe("10.0 Hz");
    expect(found.value("keypoints: age")).toBe("30.0 ms");
    expect(found.value("keypoints: problem")).toBe("value 3 is NaN");
    expect(found.value("goal: rate required")).toBe("once");
    expect(found.value("messages refused")).toBe("3");
    expect(found.value("/target_pose: actions published")).toBe("120");
  });
});

describe("the status of time", () => {
  it.each<[string, Partial<ClockHealth>, number, RegExp]>([
    ["goes on", {}, 0, /^\/clock is at 12\.300 s$/],
    [
      "never came",
      { silentMs: undefined, rosMs: 0 },
      2,
      /nothing has come on \/clock.*use_sim_time to false/,
    ],
    ["stands still", { silentMs: 3000 }, 1, /stands still at 12\.300 s for 3\.00 s/],
  ])("when /clock %s", (_, more, level, message) => {
    const found = part("time", [], 0, { clock: { ...clock, ...more } });
    expect([found.level, found.message]).toEqual([level, expect.stringMatching(message)]);
  });

  it("counts how often it was set back", () => {
    const found = part("time", [], 0, { clock: { ...clock, jumpsBack: 2 } });
    expect(found.value("times set back")).toBe("2");
  });
});

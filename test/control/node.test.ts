import { describe, expect, test } from "vitest";
import type { Budgets } from "../../src/control/budgets.js";
import { ControlNode } from "../../src/control/node.js";
import { planSettingsSchema, resolvePlanSettings } from "../../src/control/plan-settings.js";
import type { LoopEvent } from "../../src/telemetry/loop-event.js";
import { SimulatedClock } from "../../src/time/simulated-clock.js";
import { memoryTransport } from "../../src/transport/memory.js";
import type { ClientMessage, NodeMessage, ObservationMessage } from "../../src/transport/message.js";
import { float32 } from "../../src/transport/ndarray.js";
import type { ClientTransport } from "../../src/transport/transport.js";
import { jointManifest } from "../policy/manifests.js";
import { until } from "../transport/messages.js";
import { candidateTick, FakeHost, failedTick, solvedTick } from "./fake-host.js";

/** What the joint sees at `position`. */
const at = (position: number) => ({ position: float32([position]), target: float32([0.5, 1], [1, 2]) });

function observation(changes: Partial<ObservationMessage> = {}): ObservationMessage {
  return {
    type: "observation",
    id: 0,
    stamp: 1_000,
    episode: 0,
    step: 0,
    reply: "once",
    observation: at(1),
    ...changes,
  };
}

interface Robot extends ClientTransport {
  readonly got: NodeMessage[];
}

const NO_BUDGETS: Budgets = { tick: 100, solve: null, maxObservationAge: null, hold: 500 };

/** A node on a fake host, and as many robots as the test connects. */
function bench(fake = new FakeHost(), budgets: Partial<Budgets> = {}) {
  const clock = new SimulatedClock();
  const { node: transport, connect } = memoryTransport(() => clock.now());
  const events: LoopEvent[] = [];
  const node = new ControlNode(transport, fake, {
    clock,
    budgets: { ...NO_BUDGETS, ...budgets },
    plan: resolvePlanSettings(planSettingsSchema.parse({ blend: "none" }), fake.manifest),
    watch: (event) => events.push(event),
  });
  node.start();
  const robot = (): Robot => {
    const client = connect();
    const got: NodeMessage[] = [];
    client.listen((message) => got.push(message));
    return Object.assign(client, { got });
  };
  return { node, fake, events, robot, clock };
}

/** Waits until the node has taken everything that a robot sent: it answers in order. */
async function taken(robot: Robot): Promise<void> {
  const before = robot.got.filter(({ type }) => type === "policy").length;
  robot.send({ type: "hello" });
  await until(() => robot.got.filter(({ type }) => type === "policy").length > before);
}

/** The robot's replies other than to hello. */
const replies = (robot: Robot) => robot.got.filter(({ type }) => type !== "policy");

describe("hello", () => {
  test("is answered with the policy and how it runs", async () => {
    const robot = bench().robot();
    robot.send({ type: "hello" });
    await until(() => robot.got.length === 1);
    expect(robot.got[0]).toEqual({
      type: "policy",
      name: "joint",
      task: "test",
      rate_hz: 10,
      command_rate_hz: 10,
      n_obs_steps: 2,
      horizon: 6,
      n_action_steps: 3,
      observation: [
        { name: "position", shape: [1], unit: "rad" },
        { name: "target", shape: [1, 2], unit: "m" },
      ],
      action: [{ name: "goal", unit: "rad", min: -2, max: 2 }],
      solver: "semilinear (ddpm), warm start, noise coupling 1",
      provider: "cpu, 1 thread, spinning",
      budgets: "tick 100 ms, solve off, observations of any age, hold 500 ms",
    });
  });
});

describe("an observation", () => {
  test("is answered with an action that says what it answers, and the plan ahead", async () => {
    const robot = bench(new FakeHost(solvedTick(0.5))).robot();
    robot.send(observation({ id: 7, stamp: 123, episode: 4, step: 9 }));
    await until(() => robot.got.length === 1);
    expect(robot.got[0]).toEqual({
      type: "action",
      id: 7,
      stamp: 123,
      episode: 4,
      step: 9,
      actions: float32(new Float32Array(5).fill(0.5), [5, 1]),
      commands: null,
      rung: "fresh",
      reason: "",
      missed: false,
      plan: {
        step: 9,
        outcome: "accepted",
        sweeps: 3,
        evaluations: 70,
        residual: 0.01,
        solve_ms: expect.closeTo(1.43, 6),
        age_ms: expect.any(Number),
      },
    });
  });

  test("is answered from the plan in hand until that is used up", async () => {
    const { robot, fake } = bench(new FakeHost(solvedTick()));
    const arm = robot();
    for (const step of [0, 1, 2, 3]) {
      arm.send(observation({ id: step, step }));
      await until(() => arm.got.length === step + 1);
    }
    expect(arm.got.map((message) => message.type === "action" && message.actions.shape[0])).toEqual([
      5, 4, 3, 5,
    ]);
    expect(fake.requests.map(({ executed }) => executed)).toEqual([null, 3]);
  });

  test("without a solve budget is waited for, however long that takes", async () => {
    const { robot, fake, clock } = bench(new FakeHost(), { maxObservationAge: 500 });
    const arm = robot();
    arm.send(observation());
    await until(() => fake.requests.length === 1);
    clock.advance(60_000);
    fake.answer(solvedTick());
    await until(() => arm.got.length === 1);
    expect(arm.got[0]).toMatchObject({ rung: "fresh" });
  });

  test("without a reply only adds to the history", async () => {
    const { robot, fake } = bench(new FakeHost(solvedTick()));
    const arm = robot();
    arm.send(observation({ id: 0, step: 0, reply: "none", observation: at(1) }));
    arm.send(observation({ id: 1, step: 1, observation: at(2) }));
    await until(() => replies(arm).length === 1);
    expect(replies(arm)[0]).toMatchObject({ type: "action", id: 1 });
    expect(fake.requests[0].observation).toEqual(Float64Array.of(1, 0.5, 1, 2, 0.5, 1));
  });

  test("whose worker is lost waits for the next one, as long as its budget allows", async () => {
    const { robot, fake, clock } = bench(new FakeHost(), { solve: 250 });
    const arm = robot();
    arm.send(observation());
    for (let tries = 1; tries <= 2; tries++) {
      await until(() => fake.requests.length === tries);
      fake.answer(failedTick("worker-failed"));
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(100);
    }
    await until(() => fake.requests.length === 3);
    fake.answer(solvedTick(0.4));
    await until(() => arm.got.length === 1);
    expect(arm.got[0]).toMatchObject({ rung: "fresh" });
  });

  test("whose worker is not back by the deadline is held, with the reason", async () => {
    const { robot, fake, clock } = bench(new FakeHost(failedTick("worker-failed")), { solve: 250 });
    const arm = robot();
    arm.send(observation());
    await until(() => fake.requests.length === 1);
    for (let k = 0; k < 5; k++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(50);
    }
    await until(() => arm.got.length === 1);
    expect(arm.got[0]).toMatchObject({ rung: "hold", reason: "it is worker-failed" });
  });

  test.each(["not-finite"] as const)("whose solve is %s is held, with the reason", async (outcome) => {
    const arm = bench(new FakeHost(failedTick(outcome))).robot();
    arm.send(observation({ id: 3, stamp: 5 }));
    await until(() => arm.got.length === 1);
    expect(arm.got).toMatchObject([
      { type: "action", id: 3, rung: "hold", reason: `it is ${outcome}`, missed: true },
    ]);
  });

  test("with NaN is refused by key and index, and the next one is solved", async () => {
    const arm = bench(new FakeHost(solvedTick())).robot();
    arm.send(observation({ id: 0, observation: at(Number.NaN) }));
    arm.send(observation({ id: 1, step: 1 }));
    await until(() => arm.got.length === 2);
    expect(arm.got[0]).toMatchObject({
      type: "refused",
      id: 0,
      reason: "invalid-observation",
      message: 'observation "position"[0] is NaN; check the sensor',
    });
    expect(arm.got[1]).toMatchObject({ type: "action", id: 1 });
  });

  test("without a key of the policy is refused", async () => {
    const arm = bench(new FakeHost(solvedTick())).robot();
    arm.send(observation({ observation: { position: float32([1]) } }));
    await until(() => arm.got.length === 1);
    expect(arm.got[0]).toMatchObject({
      reason: "invalid-observation",
      message: expect.stringContaining("target"),
    });
  });

  test("with an id seen before is refused, and not taken in", async () => {
    const { robot, fake } = bench(new FakeHost(solvedTick()));
    const arm = robot();
    arm.send(observation({ id: 5, step: 0, observation: at(1) }));
    arm.send(observation({ id: 5, step: 1, observation: at(2) }));
    arm.send(observation({ id: 4, step: 2, observation: at(3) }));
    await until(() => arm.got.length === 3);
    const refused = arm.got.filter(({ type }) => type === "refused");
    expect(refused).toMatchObject([
      { id: 5, reason: "superseded" },
      { id: 4, reason: "superseded" },
    ]);
    expect(fake.requests).toHaveLength(1);
  });

  test("that cannot be read is refused, and the next one is solved", async () => {
    const arm = bench(new FakeHost(solvedTick())).robot();
    arm.send({ ...observation({ id: 2 }), reply: "yes" } as unknown as ClientMessage);
    arm.send(observation({ id: 3 }));
    await until(() => arm.got.length === 2);
    expect(arm.got[0]).toMatchObject({ type: "refused", id: 2, reason: "malformed" });
    expect(arm.got[1]).toMatchObject({ type: "action", id: 3 });
  });
});

describe("what does not fit the policy", () => {
  test("a transposed array is refused with both shapes", async () => {
    const arm = bench(new FakeHost(solvedTick())).robot();
    arm.send(observation({ observation: { ...at(1), target: float32([0.5, 1], [2, 1]) } }));
    await until(() => arm.got.length === 1);
    expect(arm.got).toMatchObject([{ type: "refused", reason: "invalid-observation" }]);
    expect(arm.got[0]).toHaveProperty(
      "message",
      expect.stringMatching(/"target" has shape \[2, 1\].*\[1, 2\]/),
    );
  });

  test("a robot that starts again from id 0 is welcome", async () => {
    const { robot, fake } = bench(new FakeHost(solvedTick()));
    const arm = robot();
    arm.send(observation({ id: 7, step: 30 }));
    await until(() => arm.got.length === 1);
    arm.send(observation({ id: 0, stamp: 2_000, step: 0 }));
    await until(() => arm.got.length === 2);
    expect(arm.got[1]).toMatchObject({ type: "action", id: 0, step: 0 });
    expect(fake.requests[1]).toMatchObject({ executed: null });
  });

  test("a watcher that throws does not stop the loop", async () => {
    const { node: transport, connect } = memoryTransport();
    const watch = () => {
      throw new Error("the disk is full");
    };
    const warned = new Promise((resolve) => process.once("warning", resolve));
    const fake = new FakeHost(solvedTick());
    const plan = resolvePlanSettings(planSettingsSchema.parse({}), fake.manifest);
    const clock = new SimulatedClock();
    new ControlNode(transport, fake, { clock, budgets: NO_BUDGETS, plan, watch }).start();
    const arm = connect();
    const got: NodeMessage[] = [];
    arm.listen((message) => got.push(message));
    for (const id of [0, 1]) arm.send(observation({ id, step: id }));
    await until(() => got.length === 2);
    expect(await warned).toMatchObject({ message: "the disk is full" });
  });
});

describe("time is up", () => {
  /** A node with a solve budget of 40 ms, and one robot whose observation is being solved. */
  async function waiting(reply: "once" | "paced" = "once") {
    const parts = bench(new FakeHost(), { solve: 40 });
    const arm = parts.robot();
    arm.send(observation({ reply }));
    await until(() => parts.fake.requests.length === 1);
    return { ...parts, arm };
  }

  test("the iterate at hand is executed if it is sound", async () => {
    const { fake, clock, arm } = await waiting();
    fake.candidate = candidateTick(0.02, 0.7);
    clock.advance(40);
    await until(() => arm.got.length === 1);
    expect(arm.got[0]).toMatchObject({
      rung: "iterate",
      reason: "the solve budget of 40 ms was up after 2 sweeps, at residual 0.020",
      missed: true,
      plan: { outcome: "budget", residual: 0.02, sweeps: 2 },
    });
    expect(fake.stops).toBe(1);
  });

  test.each([0.04, Number.NaN, Number.POSITIVE_INFINITY])("one with residual %s is not", async (residual) => {
    const { fake, clock, arm } = await waiting();
    fake.candidate = candidateTick(residual);
    clock.advance(40);
    await until(() => arm.got.length === 1);
    expect(arm.got[0]).toMatchObject({ rung: "hold", plan: null });
  });

  test("a chunk that comes after that is dropped", async () => {
    const { fake, clock, arm } = await waiting();
    clock.advance(40);
    fake.answer(solvedTick(0.9));
    arm.send(observation({ id: 1, step: 1 }));
    await until(() => fake.requests.length === 2);
    fake.answer(solvedTick(0.1));
    await until(() => arm.got.length === 2);
    expect(arm.got[1]).toMatchObject({ rung: "fresh", plan: { step: 1 } });
    // The robot was held: it has not got on with any plan.
    expect(fake.requests[1].executed).toBe(0);
  });

  test("a paced robot gets an action at every step although its observations have stopped", async () => {
    const { fake, clock, arm } = await waiting("paced");
    fake.answer(solvedTick(0.3));
    await until(() => arm.got.length === 1);
    for (let step = 1; step < 24; step++) {
      clock.advance(step === 1 ? 140 : 100);
      await until(() => arm.got.length >= Math.min(step + 1, 21));
    }
    const actions = arm.got.flatMap((message) => (message.type === "action" ? [message] : []));
    expect(actions.map(({ step }) => step)).toEqual(
      Array.from({ length: actions.length }, (_, step) => step),
    );
    const rungs = actions.map(({ rung }) => rung);
    expect(rungs.slice(0, 10)).toEqual([...Array(3).fill("fresh"), "rest", "rest", ...Array(5).fill("hold")]);
    // It stands still for a second, and is then left alone.
    expect(rungs.slice(10)).toEqual(Array(11).fill("stop"));
    expect(actions[12].reason).toContain("no observation came");
  });
});

describe("latest wins", () => {
  test("what waits is replaced, and answered as superseded; nothing goes unanswered", async () => {
    const { robot, fake } = bench();
    const arm = robot();
    for (const id of [0, 1, 2]) arm.send(observation({ id, step: id }));
    await taken(arm);
    expect(fake.requests).toHaveLength(1);
    expect(replies(arm)).toMatchObject([
      { type: "refused", id: 0, reason: "superseded" },
      { type: "refused", id: 1, reason: "superseded" },
    ]);
    fake.answer();
    await until(() => replies(arm).length === 3);
    expect(replies(arm)[2]).toMatchObject({ type: "action", id: 2, step: 2, plan: { step: 0 } });
  });

  test("of one robot does not touch another", async () => {
    const { robot, fake } = bench();
    const [left, right] = [robot(), robot()];
    left.send(observation({ id: 0 }));
    right.send(observation({ id: 0 }));
    await until(() => fake.requests.length === 2);
    expect(new Set(fake.requests.map(({ session }) => session)).size).toBe(2);
    fake.answer(solvedTick(1));
    fake.answer(solvedTick(2));
    await until(() => left.got.length === 1 && right.got.length === 1);
    expect([left.got, right.got].flat().map(({ type }) => type)).toEqual(["action", "action"]);
  });
});

describe("a new episode", () => {
  test("begins with an empty history and a cold start", async () => {
    const { robot, fake, events } = bench(new FakeHost(solvedTick()));
    const arm = robot();
    arm.send(observation({ id: 0, episode: 0, step: 30, observation: at(1) }));
    await until(() => arm.got.length === 1);
    arm.send(observation({ id: 1, episode: 1, step: 0, observation: at(2) }));
    await until(() => arm.got.length === 2);
    expect(arm.got[1]).toMatchObject({ type: "action", id: 1, episode: 1, step: 0 });
    expect(fake.requests[1]).toMatchObject({ episode: 1, tick: 0, executed: null });
    expect(fake.requests[1].observation).toEqual(Float64Array.of(2, 0.5, 1, 2, 0.5, 1));
    expect(events.flatMap((event) => (event.kind === "episode" ? [event.episode] : []))).toEqual([0, 1]);
  });

  test("supersedes what still waits from the old one, even when it asks for no action yet", async () => {
    const { robot, fake } = bench();
    const arm = robot();
    arm.send(observation({ id: 0, episode: 0, step: 30 }));
    arm.send(observation({ id: 2, episode: 1, step: 0, reply: "none" }));
    await taken(arm);
    expect(replies(arm)).toMatchObject([{ type: "refused", id: 0, reason: "superseded" }]);
    fake.answer();
    arm.send(observation({ id: 3, episode: 1, step: 1 }));
    await until(() => fake.requests.length === 2);
    expect(fake.requests[1]).toMatchObject({ episode: 1, executed: null });
    fake.answer(solvedTick(0.2));
    await until(() => replies(arm).length === 2);
    expect(replies(arm)[1]).toMatchObject({ type: "action", id: 3, episode: 1 });
  });
});

describe("robots", () => {
  /** Connects robots that send one observation each; resolves when all have been answered. */
  async function joined(robot: () => Robot, count: number): Promise<Robot[]> {
    const robots = Array.from({ length: count }, robot);
    for (const each of robots) {
      each.send(observation());
      await until(() => each.got.length === 1);
    }
    return robots;
  }

  test("the seventeenth is told that the node is busy", async () => {
    const { robot, fake } = bench(new FakeHost(solvedTick()));
    await joined(robot, 16);
    const [late] = await joined(robot, 1);
    expect(late.got).toMatchObject([{ type: "refused", reason: "busy" }]);
    expect(fake.forgotten).toEqual([]);
  });

  test("the seventeenth takes the place of the one that has been silent for longest, and for long", async () => {
    const { robot, fake, events, clock } = bench(new FakeHost(solvedTick()));
    const robots = await joined(robot, 16);
    clock.advance(11_000);
    robots[0].send(observation({ id: 1, step: 1 }));
    await until(() => robots[0].got.length === 2);
    expect(fake.forgotten).toEqual([]);
    await joined(robot, 1);
    const left = fake.requests[1].session; // of the second robot, silent for longest now
    expect(fake.forgotten).toEqual([left]);
    expect(events.filter(({ kind }) => kind === "left")).toMatchObject([{ robot: left, kind: "left" }]);
  });

  test("one that had to leave is welcome again, from a cold start", async () => {
    const { robot, fake, clock } = bench(new FakeHost(solvedTick()));
    const [first] = await joined(robot, 16);
    clock.advance(11_000);
    await joined(robot, 1);
    first.send(observation({ id: 1, step: 1 }));
    await until(() => first.got.length === 2);
    expect(first.got[1]).toMatchObject({ type: "action", id: 1 });
    expect(fake.requests.at(-1)).toMatchObject({ executed: null });
  });

  test("that only say hello take no place", async () => {
    const { robot, fake } = bench(new FakeHost(solvedTick()));
    await joined(robot, 16);
    for (let k = 0; k < 3; k++) await taken(robot());
    expect(fake.forgotten).toEqual([]);
  });
});

describe("a node that is halted", () => {
  async function served() {
    const { fake, clock, robot, node } = bench();
    const arm = robot();
    for (let step = 0; step < 2; step++) {
      arm.send(observation({ id: step, step, stamp: step * 100_000, reply: "paced" }));
      await taken(arm);
      if (step === 0) fake.answer(solvedTick(0.3));
      await until(() => replies(arm).length === step + 1);
      clock.advance(100);
    }
    arm.got.length = 0;
    return { arm, clock, node, fake };
  }

  test("brings its robots to a stop at once, for a second, and refuses what they show", async () => {
    const { arm, clock, node } = await served();
    node.halt("the node was deactivated");
    await until(() => arm.got.length === 1);
    expect(arm.got[0]).toMatchObject({
      step: 2,
      rung: "stop",
      reason: "the node was deactivated",
      plan: null,
    });
    arm.send(observation({ id: 2, step: 2, stamp: 200_000, reply: "paced" }));
    await until(() => arm.got.length === 2);
    expect(arm.got[1]).toMatchObject({ type: "refused", reason: "stopping", id: 2 });
    for (let k = 0; k < 30; k++) clock.advance(100);
    await taken(arm);
    const stops = arm.got.flatMap((message) => (message.type === "action" ? [message] : []));
    expect(stops.map(({ rung }) => rung)).toEqual(Array(11).fill("stop"));
    expect(stops.some(({ missed }) => missed)).toBe(false);
    for (const { actions } of stops) expect(actions.data).toEqual(Float32Array.of(0.3));
  });

  test("tells a robot that comes to stand slowly until it stands, and for a second then", async () => {
    const drive = { name: "speed", unit: "m/s", min: -2, max: 2, at_rest: 0, max_rate: 0.2 };
    const fake = new FakeHost(solvedTick(0.3), jointManifest({ action: [drive] }));
    const { clock, robot, node } = bench(fake);
    const base = robot();
    const plans = () =>
      base.got.flatMap((message) => (message.type === "action" ? [message.actions.data] : []));
    const speeds = () => plans().map(([speed]) => speed);
    for (let step = 0; step < 40; step++) {
      base.send(observation({ id: step, step, stamp: step * 100_000, reply: "paced" }));
      await until(() => speeds().length === step + 1);
      clock.advance(100);
    }
    expect(speeds().at(-1)).toBeCloseTo(0.3, 6);
    // What is to come was told as it came.
    expect(plans()[3].length).toBeGreaterThan(1);
    expect(plans()[3]).toEqual(Float32Array.from(speeds().slice(3, 3 + plans()[3].length)));
    base.got.length = 0;
    node.halt("the node was deactivated");
    for (let k = 0; k < 50; k++) {
      clock.advance(100);
      await taken(base);
      expect(node.isSilent).toBe(speeds().filter((speed) => speed === 0).length > 11);
    }
    const stopping = speeds();
    expect(plans()[0]).toEqual(Float32Array.from(stopping.slice(0, 5)));
    const stands = stopping.indexOf(0);
    expect(stands).toBeGreaterThan(13);
    for (let k = 1; k <= stands; k++) expect(stopping[k - 1] - stopping[k]).toBeLessThan(0.02 + 1e-6);
    expect(stopping.slice(stands)).toEqual(Array(12).fill(0));
  });

  test("serves them again from the beginning once it is resumed", async () => {
    const { arm, node, fake } = await served();
    node.halt("the node was deactivated");
    node.resume();
    arm.send(observation({ id: 3, step: 9, stamp: 300_000, reply: "paced" }));
    await taken(arm);
    expect(fake.requests.at(-1)?.executed).toBeNull();
    expect(replies(arm).at(-1)).toMatchObject({ step: 9, reason: "the first chunk is being solved" });
    fake.answer(solvedTick(0.7));
    arm.send(observation({ id: 4, step: 10, stamp: 400_000, reply: "paced" }));
    await until(() => replies(arm).length === 3);
    expect(replies(arm)[2]).toMatchObject({ step: 10, rung: "fresh" });
  });
});

describe("budgets and solver", () => {
  test("can be changed under way: the next order has them", async () => {
    const { node, fake, robot, clock, events } = bench();
    const arm = robot();
    const budgets = { ...NO_BUDGETS, solve: 30 };
    node.adjust(budgets, { ...fake.settings, tolerance: 0.1 });
    expect(fake.settings.tolerance).toBe(0.1);
    expect(events.at(-1)).toEqual({ kind: "settings", at: clock.now(), budgets, solver: fake.settings });
    arm.send(observation());
    await taken(arm);
    clock.advance(29);
    await taken(arm);
    expect(replies(arm)).toEqual([]);
    clock.advance(1);
    await until(() => replies(arm).length === 1);
    expect(replies(arm)[0]).toMatchObject({ reason: expect.stringContaining("the solve budget of 30 ms") });
  });
});

describe("close", () => {
  test("answers what waits, and closes the worker", async () => {
    const { robot, fake, node, events } = bench();
    const arm = robot();
    arm.send(observation({ id: 0 }));
    await taken(arm);
    await node.close();
    expect(fake.closed).toBe(true);
    expect(events.filter(({ kind }) => kind === "refused")).toMatchObject([{ id: 0, reason: "stopping" }]);
  });
});

import { afterEach, describe, expect, test, vi } from "vitest";
import { ControlNode, type NodeEvent } from "../../src/control/node.js";
import { memoryTransport } from "../../src/transport/memory.js";
import type { ClientMessage, NodeMessage, ObservationMessage } from "../../src/transport/message.js";
import { float32 } from "../../src/transport/ndarray.js";
import type { ClientTransport } from "../../src/transport/transport.js";
import { until } from "../transport/messages.js";
import { FakeHost, failedTick, solvedTick } from "./fake-host.js";

/** What the joint sees at `position`. */
const at = (position: number) => ({ position: float32([position]), target: float32([0.5, 1], [1, 2]) });

function observation(changes: Partial<ObservationMessage> = {}): ObservationMessage {
  return {
    type: "observation",
    id: 0,
    stamp: 1_000,
    episode: 0,
    step: 0,
    plan: true,
    observation: at(1),
    ...changes,
  };
}

interface Robot extends ClientTransport {
  readonly got: NodeMessage[];
}

/** A node on a fake host, and as many robots as the test connects. */
function bench(fake = new FakeHost(), solveBudgetMs: number | null = null) {
  const { node: transport, connect } = memoryTransport();
  const events: NodeEvent[] = [];
  const node = new ControlNode(transport, fake.host, {
    solveBudgetMs,
    watch: (event) => events.push(event),
  });
  node.start();
  const robot = (): Robot => {
    const client = connect();
    const got: NodeMessage[] = [];
    client.listen((message) => got.push(message));
    return Object.assign(client, { got });
  };
  return { node, fake, events, robot };
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
    });
  });
});

describe("an observation", () => {
  test("is answered with a chunk that says what it answers", async () => {
    const robot = bench(new FakeHost(solvedTick(0.5))).robot();
    robot.send(observation({ id: 7, stamp: 123, episode: 4, step: 9 }));
    await until(() => robot.got.length === 1);
    expect(robot.got[0]).toEqual({
      type: "chunk",
      id: 7,
      stamp: 123,
      episode: 4,
      step: 9,
      actions: float32(new Float32Array(5).fill(0.5), [5, 1]),
      execute: 3,
      outcome: "accepted",
      sweeps: 4,
      evaluations: 70,
      residual: 0.01,
      solve_ms: 1.5,
    });
  });

  test("without a plan only adds to the history", async () => {
    const { robot, fake } = bench(new FakeHost(solvedTick()));
    const arm = robot();
    arm.send(observation({ id: 0, step: 0, plan: false, observation: at(1) }));
    arm.send(observation({ id: 1, step: 1, observation: at(2) }));
    await until(() => replies(arm).length === 1);
    expect(replies(arm)[0]).toMatchObject({ type: "chunk", id: 1 });
    expect(fake.requests[0].observation).toEqual(Float64Array.of(1, 0.5, 1, 2, 0.5, 1));
  });

  test("is solved within the node's budget", async () => {
    const { robot, fake } = bench(new FakeHost(solvedTick()), 40);
    const arm = robot();
    arm.send(observation());
    await until(() => arm.got.length === 1);
    expect(fake.requests[0].budgetMs).toBe(40);
  });

  test.each([
    ["unconverged", "unconverged"],
    ["not-finite", "solver-failed"],
    ["worker-failed", "solver-failed"],
    ["stopped", "stopping"],
  ] as const)("whose solve is %s is refused as %s, with the reason", async (outcome, reason) => {
    const { robot, events } = bench(new FakeHost(failedTick(outcome)));
    const arm = robot();
    arm.send(observation({ id: 3, stamp: 5 }));
    await until(() => arm.got.length === 1);
    expect(arm.got).toEqual([{ type: "refused", id: 3, stamp: 5, reason, message: `it is ${outcome}` }]);
    expect(events.at(-1)).toMatchObject({ kind: "refused", tick: { outcome } });
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
    expect(arm.got[1]).toMatchObject({ type: "chunk", id: 1 });
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
    arm.send({ ...observation({ id: 2 }), plan: "yes" } as unknown as ClientMessage);
    arm.send(observation({ id: 3 }));
    await until(() => arm.got.length === 2);
    expect(arm.got[0]).toMatchObject({ type: "refused", id: 2, reason: "malformed" });
    expect(arm.got[1]).toMatchObject({ type: "chunk", id: 3 });
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
    arm.send(observation({ id: 0, step: 0 }));
    await until(() => arm.got.length === 2);
    expect(arm.got[1]).toMatchObject({ type: "chunk", id: 0, step: 0 });
    expect(fake.requests[1]).toMatchObject({ executed: null });
  });

  test("a watcher that throws does not stop the loop", async () => {
    const { node: transport, connect } = memoryTransport();
    const watch = () => {
      throw new Error("the disk is full");
    };
    const warned = new Promise((resolve) => process.once("warning", resolve));
    new ControlNode(transport, new FakeHost(solvedTick()).host, { watch }).start();
    const arm = connect();
    const got: NodeMessage[] = [];
    arm.listen((message) => got.push(message));
    for (const id of [0, 1]) arm.send(observation({ id, step: id }));
    await until(() => got.length === 2);
    expect(await warned).toMatchObject({ message: "the disk is full" });
  });
});

describe("latest wins", () => {
  test("what waits is replaced, and answered as superseded; nothing goes unanswered", async () => {
    const { robot, fake } = bench();
    const arm = robot();
    for (const id of [0, 1, 2]) arm.send(observation({ id, step: id }));
    await taken(arm);
    expect(fake.requests).toHaveLength(1);
    expect(replies(arm)).toMatchObject([{ type: "refused", id: 1, reason: "superseded" }]);
    fake.answer();
    await until(() => fake.requests.length === 2);
    fake.answer();
    await until(() => replies(arm).length === 3);
    expect(replies(arm).slice(1)).toMatchObject([
      { type: "chunk", id: 0 },
      { type: "chunk", id: 2 },
    ]);
  });

  test("what waits is solved with what was seen then, not later", async () => {
    const { robot, fake } = bench();
    const arm = robot();
    arm.send(observation({ id: 0, step: 0, observation: at(0) }));
    arm.send(observation({ id: 1, step: 1, observation: at(1) }));
    arm.send(observation({ id: 2, step: 2, observation: at(2), plan: false }));
    await taken(arm);
    fake.answer();
    await until(() => fake.requests.length === 2);
    expect(fake.requests[1]).toMatchObject({ executed: 1 });
    expect(fake.requests[1].observation[3]).toBe(1);
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
    expect([left.got, right.got].flat().map(({ type }) => type)).toEqual(["chunk", "chunk"]);
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
    expect(arm.got[1]).toMatchObject({ type: "chunk", id: 1, episode: 1, step: 0 });
    expect(fake.requests[1]).toMatchObject({ episode: 1, tick: 0, executed: null });
    expect(fake.requests[1].observation).toEqual(Float64Array.of(2, 0.5, 1, 2, 0.5, 1));
    expect(events.filter(({ kind }) => kind === "episode").map(({ episode }) => episode)).toEqual([0, 1]);
  });

  test("supersedes what still waits from the old one, even when it asks for no plan yet", async () => {
    const { robot, fake } = bench();
    const arm = robot();
    arm.send(observation({ id: 0, episode: 0, step: 30 }));
    arm.send(observation({ id: 1, episode: 0, step: 31 }));
    arm.send(observation({ id: 2, episode: 1, step: 0, plan: false }));
    await taken(arm);
    expect(replies(arm)).toMatchObject([{ type: "refused", id: 1, reason: "superseded" }]);
    fake.answer();
    await until(() => replies(arm).length === 2);
    arm.send(observation({ id: 3, episode: 1, step: 1 }));
    await until(() => fake.requests.length === 2);
    expect(fake.requests[1]).toMatchObject({ episode: 1, executed: null });
  });
});

describe("robots", () => {
  function letTimePass(ms: number): void {
    const now = performance.now.bind(performance);
    vi.spyOn(performance, "now").mockImplementation(() => now() + ms);
  }
  afterEach(() => {
    vi.restoreAllMocks();
  });

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
    const { robot, fake, events } = bench(new FakeHost(solvedTick()));
    const robots = await joined(robot, 16);
    letTimePass(11_000);
    robots[0].send(observation({ id: 1, step: 1 }));
    await until(() => robots[0].got.length === 2);
    expect(fake.forgotten).toEqual([]);
    await joined(robot, 1);
    const left = fake.requests[1].session; // of the second robot, silent for longest now
    expect(fake.forgotten).toEqual([left]);
    expect(events.filter(({ kind }) => kind === "left")).toEqual([{ peer: left, kind: "left" }]);
  });

  test("one that had to leave is welcome again, from a cold start", async () => {
    const { robot, fake } = bench(new FakeHost(solvedTick()));
    const [first] = await joined(robot, 16);
    letTimePass(11_000);
    await joined(robot, 1);
    first.send(observation({ id: 1, step: 1 }));
    await until(() => first.got.length === 2);
    expect(first.got[1]).toMatchObject({ type: "chunk", id: 1 });
    expect(fake.requests.at(-1)).toMatchObject({ executed: null });
  });

  test("that only say hello take no place", async () => {
    const { robot, fake } = bench(new FakeHost(solvedTick()));
    await joined(robot, 16);
    for (let k = 0; k < 3; k++) await taken(robot());
    expect(fake.forgotten).toEqual([]);
  });
});

describe("close", () => {
  test("answers what is being solved and what waits, and closes the worker", async () => {
    const { robot, fake, node, events } = bench();
    const arm = robot();
    arm.send(observation({ id: 0 }));
    arm.send(observation({ id: 1, step: 1 }));
    await taken(arm);
    await node.close();
    expect(fake.closed).toBe(true);
    const refused = events.filter(({ kind }) => kind === "refused");
    expect(refused.map(({ refusal }) => refusal)).toMatchObject([
      { id: 0, reason: "stopping" },
      { id: 1, reason: "stopping" },
    ]);
    expect(fake.requests).toHaveLength(1);
  });
});

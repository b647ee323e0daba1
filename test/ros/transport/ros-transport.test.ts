import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { QosWatch } from "../../../src/ros/qos-watch.js";
import type { Reader, Reading } from "../../../src/ros/read/reader.js";
import { msToStamp } from "../../../src/ros/stamp.js";
import {
  ROS_PEER,
  RosTransport,
  type RosTransportOptions,
} from "../../../src/ros/transport/ros-transport.js";
import type { News } from "../../../src/ros/transport/troubles.js";
import { SimulatedClock } from "../../../src/time/simulated-clock.js";
import type { ActionMessage, ObservationMessage } from "../../../src/transport/message.js";
import { float32 } from "../../../src/transport/ndarray.js";
import { jointManifest } from "../../policy/manifests.js";
import { actionMessage } from "../../transport/messages.js";
import { MemoryGraph } from "../memory-graph.js";
import { jointArm, jointReader, jointTopics } from "./joint-topics.js";

const T0 = 1_700_000_000_000;

function bench(changes: Partial<RosTransportOptions> = {}) {
  const graph = new MemoryGraph("parapilot", { now: T0 });
  const clock = new SimulatedClock(77_000);
  const news: News[] = [];
  const transport = new RosTransport({
    graph,
    bindings: jointTopics(),
    manifest: jointManifest(),
    clock,
    maxObservationAgeMs: () => 400,
    periodMs: 100,
    onNews: (told) => news.push(told),
    ...changes,
  });
  const got: { readonly message: ObservationMessage; readonly receivedAt: number }[] = [];
  transport.listen({
    message: (peer, message, receivedAt) => {
      expect(peer).toBe(ROS_PEER);
      if (message.type === "observation") got.push({ message, receivedAt });
    },
    malformed: () => {
      throw new Error("nothing can be malformed here");
    },
  });
  const arm = jointArm(graph);
  /** Lets time pass, of ROS and of the loop. */
  const pass = (ms: number) => {
    graph.setNow(graph.now() + ms);
    clock.advance(ms);
  };
  return { graph, clock, news, transport, got, arm, pass };
}

/** One row per step from the message's step on. */
function action(changes: Partial<ActionMessage>, rows: readonly number[] = [0.5, 0.6]): ActionMessage {
  return { ...actionMessage(changes), actions: float32(rows, [rows.length, 1]) };
}

const plan = (step: number): ActionMessage["plan"] => ({
  step,
  outcome: "accepted",
  sweeps: 4,
  evaluations: 400,
  residual: 0.01,
  solve_ms: 18,
  age_ms: 20,
});

describe("topics", () => {
  it("become an observation per control step, with shapes, stamp and age", () => {
    const { arm, got, pass, clock } = bench();
    arm.target();
    const stamp = { sec: 1_700_000_000, nanosec: 1_234_567 };
    pass(13);
    arm.show(0.25, stamp);
    expect(got).toHaveLength(1);
    expect(got[0].receivedAt).toBe(clock.now());
    expect(got[0].message).toEqual({
      type: "observation",
      id: 0,
      stamp: 1_700_000_000_001_235,
      age_ms: expect.closeTo(13 - 1.234567, 3),
      episode: 0,
      step: 0,
      reply: "paced",
      observation: {
        position: { dtype: "<f8", shape: [1], data: Float64Array.of(0.25) },
        target: { dtype: "<f8", shape: [1, 2], data: Float64Array.of(0.5, 1) },
      },
    });
    for (let k = 0; k < 3; k++) {
      pass(100);
      arm.show(k);
    }
    expect(got.map(({ message }) => [message.id, message.step])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  it("without a stamp count as acquired when they came", () => {
    const { arm, got, pass } = bench();
    arm.target();
    pass(7);
    arm.show(0.25, { sec: 0, nanosec: 0 });
    expect(got[0].message).toMatchObject({ stamp: (T0 + 7) * 1000, age_ms: 0 });
  });

  it("that are missing are named", () => {
    const { arm, got, transport } = bench();
    arm.show(0.25);
    expect(got).toEqual([]);
    expect(transport.health()).toMatchObject({
      lacking: "target",
      steps: 0,
      observations: [
        { name: "position", topic: "/joint_states", requiredHz: 10, count: 1, ageMs: 0 },
        { name: "target", topic: "/target", requiredHz: 0, count: 0, ageMs: undefined, measuredHz: 0 },
      ],
    });
  });

  it("are measured", () => {
    const { arm, transport, pass } = bench();
    arm.target();
    for (let k = 0; k <= 30; k++) {
      arm.show(k);
      pass(100);
    }
    const { observations, steps, lacking } = transport.health();
    expect(steps).toBe(31);
    expect(lacking).toBeUndefined();
    expect(observations[0].measuredHz).toBeCloseTo(10, 6);
    expect(observations[0]).toMatchObject({ ageMs: 100, count: 31, problem: undefined });
  });

  it("that are decoded elsewhere count from their arrival", async () => {
    const open: ((reading: Reading) => void)[] = [];
    const reader: Reader = { type: jointReader.type, read: () => new Promise((done) => open.push(done)) };
    const { arm, got, pass, clock } = bench({ bindings: jointTopics({ reader }) });
    arm.target();
    pass(20);
    const arrived = clock.now();
    arm.show(0.25);
    pass(30);
    open[0]({ ok: true, values: Float64Array.of(0.25), stamp: msToStamp(T0 + 5) });
    await nextTurn();
    expect(got[0].receivedAt).toBe(arrived);
    expect(got[0].message.age_ms).toBeCloseTo(15, 3);
  });
});

describe("what cannot be used", () => {
  it.each([
    [[Number.NaN], "value 0 is NaN; check the sensor"],
    [[Number.POSITIVE_INFINITY], "value 0 is Infinity; check the sensor"],
    [[0.1, 0.2], "has 2 values; the policy takes 1 (rad)"],
    [[], "has 0 values; the policy takes 1 (rad)"],
  ])("as positions of %j, never reaches the loop, and is told once", (position, problem) => {
    const reader: Reader = {
      type: jointReader.type,
      read: () => ({ ok: true, values: Float64Array.from(position), stamp: undefined }),
    };
    const { arm, got, pass, news, transport } = bench({ bindings: jointTopics({ reader }) });
    arm.target();
    for (let k = 0; k < 20; k++) {
      arm.show(0);
      pass(100);
    }
    expect(got).toEqual([]);
    expect(news).toEqual([{ text: `position (/joint_states): ${problem}`, isOver: false }]);
    const [{ count, measuredHz, ageMs, problem: shown }] = transport.health().observations;
    expect({ count, ageMs, shown }).toEqual({ count: 20, ageMs: undefined, shown: problem });
    expect(measuredHz).toBeCloseTo(10, 6);
  });

  it("is what a reader says, until it is fine again", () => {
    let isBroken = true;
    const reader: Reader = {
      type: jointReader.type,
      read: (message) =>
        isBroken ? { ok: false, problem: "joint elbow is missing" } : jointReader.read(message),
    };
    const { arm, got, pass, news } = bench({ bindings: jointTopics({ reader }) });
    arm.target();
    for (let k = 0; k < 30; k++) {
      if (k === 10) isBroken = false;
      arm.show(0);
      pass(100);
    }
    expect(got).toHaveLength(20);
    expect(news).toEqual([
      { text: "position (/joint_states): joint elbow is missing", isOver: false },
      {
        text: "position (/joint_states): fine again after 10 messages: joint elbow is missing",
        isOver: true,
      },
    ]);
  });

  it("is stale or from the future, and told with both times", () => {
    const { arm, got, news } = bench();
    arm.target();
    arm.show(0, msToStamp(T0 - 830));
    arm.show(0, msToStamp(T0 + 3200));
    expect(got).toEqual([]);
    expect(news.map(({ text }) => text)).toEqual([
      "position (/joint_states): stale: 0.83 s old, 0.40 s allowed",
      expect.stringMatching(/^position \(\/joint_states\): stamped 3\.20 s in the future: .*chrony/),
    ]);
    arm.show(0);
    expect(got).toHaveLength(1);
  });

  it("is what comes over a QoS that does not fit: nothing", () => {
    const reliable = { reliability: "reliable", durability: "volatile", depth: 1 } as const;
    const { arm, got, transport, graph } = bench({ bindings: jointTopics({ qos: reliable }) });
    arm.target();
    arm.show(0);
    expect(got).toEqual([]);
    const told: News[] = [];
    new QosWatch(graph, transport.watched(), (news) => told.push(news)).poll();
    expect(told.map(({ text }) => text)).toEqual([
      expect.stringMatching(
        /on \/joint_states, policy reliability: \/arm .*set ros\.observations\.position\.qos\.reliability: best_effort/,
      ),
    ]);
    expect(transport.health().observations[0]).toMatchObject({ count: 0, measuredHz: 0 });
  });

  it("is what the loop refuses: it is counted and told", () => {
    const { transport, news } = bench();
    const refused = { type: "refused", id: 3, stamp: 4 } as const;
    transport.send(ROS_PEER, { ...refused, reason: "superseded", message: "observation 4 is newer" });
    transport.send(ROS_PEER, { ...refused, reason: "stopping", message: "the node was deactivated" });
    expect(transport.health()).toMatchObject({ refused: 2, refusal: "observation 4 is newer" });
    expect(news).toEqual([{ text: "observations: observation 4 is newer", isOver: false }]);
  });
});

describe("an action", () => {
  /** Two observations are there, of steps 0 and 1. */
  function seen() {
    const parts = bench();
    parts.arm.target();
    parts.arm.show(0, { sec: 1_700_000_000, nanosec: 123 });
    parts.pass(100);
    parts.arm.show(0.1);
    const [first, second] = parts.got.map(({ message }) => message);
    return { ...parts, first, second };
  }

  it("carries the exact stamp of the observation that it derives from, and how long ago that was", () => {
    const { transport, arm, first } = seen();
    transport.send(ROS_PEER, action({ episode: 0, step: 1, stamp: first.stamp, plan: plan(0) }));
    expect(arm.commands).toEqual([
      {
        stamp: { sec: 1_700_000_000, nanosec: 123 },
        sinceStampMs: 100,
        ageMs: expect.closeTo(100, 3),
        periodMs: 100,
        rows: Float32Array.of(0.5, 0.6),
        before: undefined,
      },
    ]);
  });

  it("that derives from none is stamped now", () => {
    const { transport, arm, pass } = seen();
    pass(30);
    transport.send(ROS_PEER, action({ episode: 0, step: 1, stamp: null, plan: null, rung: "hold" }, [0.5]));
    expect(arm.commands[0]).toMatchObject({ stamp: msToStamp(T0 + 130), sinceStampMs: 0, ageMs: 0 });
  });

  it("of an observation long ago is stamped to the microsecond", () => {
    const { transport, arm } = seen();
    transport.send(ROS_PEER, action({ episode: 0, step: 1, stamp: 1_699_999_999_000_007, plan: plan(0) }));
    expect(arm.commands[0].stamp).toEqual({ sec: 1_699_999_999, nanosec: 7_000 });
  });

  it("says what the robot was told in the step before, and nothing of an earlier one", () => {
    const { transport, arm, first } = seen();
    for (const step of [0, 1, 3]) {
      transport.send(ROS_PEER, action({ episode: 0, step, stamp: first.stamp, plan: plan(0) }, [step, 9]));
    }
    expect(arm.commands.map(({ before }) => before)).toEqual([undefined, Float32Array.of(0), undefined]);
  });

  it("that is told again in its step has the same step before it", () => {
    const { transport, arm, first } = seen();
    for (const step of [0, 1, 1]) {
      transport.send(ROS_PEER, action({ episode: 0, step, stamp: first.stamp, plan: plan(0) }, [step, 9]));
    }
    expect(arm.commands.map(({ before }) => before)).toEqual([
      undefined,
      Float32Array.of(0),
      Float32Array.of(0),
    ]);
  });

  it("with no rows publishes nothing", () => {
    const { transport, arm } = seen();
    transport.send(ROS_PEER, action({ episode: 0, step: 0, stamp: null, plan: null }, []));
    expect(arm.commands).toEqual([]);
  });

  it("that is not finite never leaves", () => {
    const { transport, arm, news, first } = seen();
    const wrong = action({ episode: 0, step: 1, stamp: first.stamp, plan: plan(0) }, [0.5, Number.NaN]);
    transport.send(ROS_PEER, wrong);
    expect(arm.commands).toEqual([]);
    expect(news).toEqual([
      { text: "/goal: an action was not published: value 1 of it is NaN", isOver: false },
    ]);
    expect(transport.health().actions).toEqual([
      { topic: "/goal", published: 0, problem: "an action was not published: value 1 of it is NaN" },
    ]);
  });

  it("goes out whoever fails to watch it", () => {
    const onCommand = () => {
      throw new Error("the topic is closed");
    };
    const { transport, arm, news } = bench({ onCommand });
    transport.send(ROS_PEER, action({ episode: 0, step: 0, stamp: null, plan: null }));
    expect(arm.commands).toHaveLength(1);
    expect(news.map(({ text }) => text)).toEqual(["what is shown of actions: the topic is closed"]);
  });

  it("that cannot be written is told, and the loop goes on", () => {
    const [goal] = jointTopics().actions;
    const write = () => {
      throw new Error("no such field");
    };
    const broken = { ...goal, topic: "broken", writer: { type: "test/msg/Command", write } };
    const { transport, arm, news } = bench({ bindings: { ...jointTopics(), actions: [broken, goal] } });
    transport.send(ROS_PEER, action({ episode: 0, step: 0, stamp: null, plan: null }));
    expect(arm.commands).toHaveLength(1);
    expect(news).toEqual([
      { text: "/broken: an action could not be published: no such field", isOver: false },
    ]);
  });
});

it("an observation that the loop fails at is told, whenever it was decoded", async () => {
  const open: ((reading: Reading) => void)[] = [];
  const reader: Reader = { type: jointReader.type, read: () => new Promise((done) => open.push(done)) };
  const graph = new MemoryGraph("parapilot", { now: T0 });
  const news: News[] = [];
  const transport = new RosTransport({
    graph,
    bindings: jointTopics({ reader }),
    manifest: jointManifest(),
    clock: new SimulatedClock(),
    maxObservationAgeMs: () => null,
    periodMs: 100,
    onNews: (told) => news.push(told),
  });
  const fail = () => {
    throw new Error("out of memory");
  };
  transport.listen({ message: fail, malformed: fail });
  const arm = jointArm(graph);
  arm.target();
  arm.show(0);
  open[0]({ ok: true, values: Float64Array.of(1), stamp: undefined });
  await nextTurn();
  expect(news.map(({ text }) => text)).toEqual([
    "position (/joint_states): could not be taken in: out of memory",
  ]);
});

describe("a new episode", () => {
  it("begins at step 0, with what was given once, and without the actions of the old one", () => {
    const { arm, got, pass, transport } = bench();
    arm.target();
    for (let k = 0; k < 3; k++) {
      arm.show(k);
      pass(100);
    }
    transport.begin();
    transport.send(ROS_PEER, action({ episode: 0, step: 3, stamp: got[2].message.stamp, plan: plan(2) }));
    expect(arm.commands).toEqual([]);
    arm.show(9);
    expect(got[3].message).toMatchObject({ id: 3, episode: 1, step: 0 });
    transport.send(ROS_PEER, action({ episode: 1, step: 0, stamp: got[3].message.stamp, plan: plan(0) }));
    expect(arm.commands).toHaveLength(1);
  });

  it("lets the robot be told to stand where it is, until there is an observation of it", () => {
    const { arm, got, pass, transport } = bench();
    arm.target();
    arm.show(0);
    transport.begin();
    pass(100);
    for (const rung of ["hold", "stop"] as const) {
      transport.send(ROS_PEER, action({ episode: 0, step: 1, stamp: null, plan: null, rung }, [0.5]));
    }
    expect(arm.commands.map(({ rows }) => rows)).toEqual([Float32Array.of(0.5), Float32Array.of(0.5)]);
    arm.show(0);
    transport.send(ROS_PEER, action({ episode: 1, step: 2, stamp: got[1].message.stamp, plan: plan(2) }));
    expect(arm.commands[2].before).toBeUndefined();
  });

  it("in a new world says nothing of where the robot was in the old one", () => {
    const { arm, graph, transport } = bench();
    arm.target();
    arm.show(0);
    const stop = action({ episode: 0, step: 1, stamp: null, plan: null, rung: "stop" }, [0.5]);
    graph.setNow(T0 - 12_300);
    arm.show(1);
    transport.send(ROS_PEER, stop);
    transport.beginWorld();
    transport.send(ROS_PEER, { ...stop, episode: 1 });
    expect(arm.commands).toEqual([]);
  });

  it("begins when ROS time is set back, and is told", () => {
    const { arm, got, graph, clock, news } = bench();
    arm.target();
    arm.show(0);
    graph.setNow(T0 - 12_300);
    clock.advance(20);
    arm.show(1);
    expect(got.map(({ message }) => [message.episode, message.step])).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(got[1].message).toMatchObject({ stamp: (T0 - 12_300) * 1000, age_ms: 0 });
    expect(news).toEqual([{ text: "ROS time: went back by 12.30 s: a new episode begins", isOver: false }]);
  });

  it("does not see what was still being decoded of the old one", async () => {
    const open: ((reading: Reading) => void)[] = [];
    const reader: Reader = { type: jointReader.type, read: () => new Promise((done) => open.push(done)) };
    const { arm, got, transport } = bench({ bindings: jointTopics({ reader }) });
    arm.target();
    arm.show(0);
    transport.begin();
    open[0]({ ok: true, values: Float64Array.of(1), stamp: undefined });
    await nextTurn();
    expect(got).toEqual([]);
  });
});

describe("a paused transport", () => {
  it("forwards and publishes nothing, and goes on with a new episode at step 0", () => {
    const { arm, got, pass, transport } = bench();
    transport.pause();
    arm.target();
    for (let k = 0; k < 5; k++) {
      arm.show(k);
      pass(100);
    }
    const { episode } = transport.health();
    transport.send(ROS_PEER, action({ episode, step: 0, stamp: null, plan: null }));
    expect([got, arm.commands]).toEqual([[], []]);
    expect(transport.health()).toMatchObject({ steps: 0, observations: [{ ageMs: 100, count: 5 }, {}] });
    transport.resume();
    arm.show(7);
    expect(got.map(({ message }) => [message.episode, message.step])).toEqual([[episode + 1, 0]]);
  });
});

describe("close", () => {
  it("leaves the graph", async () => {
    const { arm, got, graph, transport } = bench();
    await transport.close();
    arm.target();
    arm.show(0);
    expect(got).toEqual([]);
    expect(graph.publishers("goal")).toEqual([]);
    expect(graph.subscribers("joint_states")).toEqual([]);
    transport.send(ROS_PEER, action({ episode: 0, step: 0, stamp: null, plan: null }));
    expect(arm.commands).toEqual([]);
  });
});

import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SOUND_WIRE, type WireFaults } from "../../src/faults/faults.js";
import { type FaultyClient, faultyClient } from "../../src/faults/faulty-client.js";
import { memoryTransport } from "../../src/transport/memory.js";
import type { ClientMessage, NodeMessage, ObservationMessage } from "../../src/transport/message.js";
import { float32 } from "../../src/transport/ndarray.js";
import { actionMessage, observationMessage, policyMessage } from "../transport/messages.js";
import { HandClock } from "./hand-clock.js";

interface Conversation {
  readonly client: FaultyClient;
  readonly clock: HandClock;
  /** What the node heard, and when. */
  readonly heard: ClientMessage[];
  readonly heardAt: number[];
  /** What the robot was answered, and when. */
  readonly answers: NodeMessage[];
  readonly answeredAt: number[];
  readonly refused: string[];
  /** Lets the memory transport deliver everything, then time pass. */
  pass(ms?: number): Promise<void>;
}

/** A robot and a node that answers hello with the policy and every observation with an action. */
function conversation(changes: Partial<WireFaults>, seed = 1): Conversation {
  const clock = new HandClock();
  const { node, connect } = memoryTransport(() => clock.now());
  const client = faultyClient(connect(), { ...SOUND_WIRE, ...changes }, seed, clock);
  const heard: ClientMessage[] = [];
  const heardAt: number[] = [];
  const answers: NodeMessage[] = [];
  const answeredAt: number[] = [];
  const refused: string[] = [];
  node.listen({
    message: (peer, message, receivedAt) => {
      heard.push(message);
      heardAt.push(receivedAt);
      node.send(peer, message.type === "hello" ? policyMessage : actionMessage({ id: message.id }));
    },
    malformed: (_peer, { message }) => refused.push(message),
  });
  client.listen((message, receivedAt) => {
    answers.push(message);
    answeredAt.push(receivedAt);
  });
  const settle = async () => {
    for (let turn = 0; turn < 6; turn++) await nextTurn();
  };
  const pass = async (ms = 0) => {
    await settle();
    clock.pass(ms);
    await settle();
  };
  return { client, clock, heard, heardAt, answers, answeredAt, refused, pass };
}

/**
 * Sends observations 0 to count − 1 one control step apart, then waits for whatever is under way. The step is long enough
 * that doubled messages that wait to be overtaken are never more at once than the memory transport takes.
 */
async function talk(
  changes: Partial<WireFaults>,
  count: number,
  seed = 1,
  stepMs = 30,
): Promise<Conversation> {
  const talking = conversation(changes, seed);
  for (let id = 0; id < count; id++) {
    talking.client.send(observationMessage({ id, step: id }));
    await talking.pass(stepMs);
  }
  // In small steps: the memory transport drops what is handed to it faster than it delivers.
  for (let k = 0; k < 80; k++) await talking.pass(10);
  return talking;
}

const ids = (messages: readonly { type: string; id?: number | null }[]) =>
  messages.filter(({ type }) => type !== "policy" && type !== "hello").map(({ id }) => id as number);
const upTo = (count: number) => Array.from({ length: count }, (_, id) => id);
const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b);
const share = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }));
const seeds = fc.integer({ min: 0, max: 2 ** 40 });
const delays = fc.record({
  latencyMs: fc.integer({ min: 0, max: 50 }),
  jitterMs: fc.integer({ min: 0, max: 50 }),
});
const freezes = fc.array(
  fc.record({ atMs: fc.integer({ min: 0, max: 300 }), forMs: fc.integer({ min: 0, max: 200 }) }),
  { maxLength: 3 },
);
const timing = fc.tuple(delays, freezes).map(([delay, list]) => ({ ...delay, freezes: list }));
const COUNT = 30;
const laws = { numRuns: 40 };

describe("laws", () => {
  test("a sound wire, however slow, passes everything once and in order", async () => {
    await fc.assert(
      fc.asyncProperty(timing, seeds, async (changes, seed) => {
        // Few enough that the transport behind need not drop any when a freeze ends.
        const { heard, answers } = await talk(changes, 8, seed);
        expect(ids(heard)).toEqual(upTo(8));
        expect(ids(answers)).toEqual(upTo(8));
      }),
      laws,
    );
  });

  test("drop=1 passes no observation and no action", async () => {
    await fc.assert(
      fc.asyncProperty(timing, share, seeds, async (changes, duplicate, seed) => {
        const { heard, client } = await talk({ ...changes, duplicate, drop: 1 }, COUNT, seed);
        expect(heard).toEqual([]);
        expect(client.figures().observations).toMatchObject({ sent: COUNT, dropped: COUNT, delivered: 0 });
      }),
      laws,
    );
  });

  test("the figures add up, and are what the node and the robot saw", async () => {
    await fc.assert(
      fc.asyncProperty(delays, share, share, share, seeds, async (delay, drop, duplicate, reorder, seed) => {
        const { client, heard, answers } = await talk({ ...delay, drop, duplicate, reorder }, COUNT, seed);
        const { observations, actions } = client.figures();
        expect(observations.sent).toBe(COUNT);
        expect(observations.delivered).toBe(heard.length);
        expect(actions.sent).toBe(heard.length);
        expect(actions.delivered).toBe(answers.length);
        for (const { sent, dropped, duplicated, delivered } of [observations, actions]) {
          expect(delivered).toBe(sent - dropped + duplicated);
        }
        expect(client.dropped).toBe(0);
      }),
      laws,
    );
  });

  test("reordering changes the order and loses nothing, even at the end of a conversation", async () => {
    await fc.assert(
      fc.asyncProperty(timing, share, seeds, async (changes, reorder, seed) => {
        const { heard, client } = await talk({ ...changes, reorder }, 8, seed);
        expect(ascending(ids(heard))).toEqual(upTo(8));
        if (client.figures().observations.reordered === 0) expect(ids(heard)).toEqual(upTo(8));
      }),
      laws,
    );
  });

  test("the same seed and conversation suffer the same faults, whatever the timing", async () => {
    const outcome = async (changes: Partial<WireFaults>, seed: number, stepMs: number) => {
      const { heard, refused, client } = await talk(changes, COUNT, seed, stepMs);
      const { frozen: _, ...observations } = client.figures().observations;
      return { heard: ascending(ids(heard)), refused, observations };
    };
    const shares = fc.record({ drop: share, duplicate: share, reorder: share, nan: share, shape: share });
    await fc.assert(
      fc.asyncProperty(shares, delays, seeds, async (faults, delay, seed) => {
        const first = await outcome({ ...faults, ...delay }, seed, 30);
        expect(await outcome({ ...faults, ...delay }, seed, 30)).toEqual(first);
        expect(await outcome(faults, seed, 45)).toEqual(first);
      }),
      laws,
    );
  });
});

test("another seed suffers other faults, and about the share asked for", async () => {
  const heard = [];
  for (const seed of [1, 2]) heard.push(ids((await talk({ drop: 0.5 }, 400, seed)).heard));
  expect(heard[0]).not.toEqual(heard[1]);
  for (const passed of heard) {
    expect(passed.length).toBeGreaterThan(150);
    expect(passed.length).toBeLessThan(250);
  }
});

test("latency delays both directions, and the robot is told when the answer reached it", async () => {
  const { client, heardAt, answeredAt, pass } = conversation({ latencyMs: 20 });
  client.send(observationMessage());
  await pass(19.9);
  expect(heardAt).toEqual([]);
  await pass(0.2);
  expect(heardAt).toHaveLength(1);
  expect(heardAt[0]).toBeGreaterThanOrEqual(1020);
  await pass(30);
  expect(answeredAt[0]).toBeGreaterThanOrEqual(heardAt[0] + 20);
});

test("jitter spreads the delays within its bound", async () => {
  const clock = new HandClock();
  const sent: number[] = [];
  const transport = {
    dropped: 0,
    listen: () => {},
    send: () => sent.push(clock.now()),
    close: async () => {},
  };
  const client = faultyClient(transport, { ...SOUND_WIRE, latencyMs: 5, jitterMs: 10 }, 1, clock);
  const delays: number[] = [];
  for (let id = 0; id < 200; id++) {
    const before = clock.now();
    client.send(observationMessage({ id }));
    clock.pass(100);
    delays.push((sent.at(-1) as number) - before);
  }
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(5);
  expect(Math.min(...delays)).toBeLessThan(6);
  expect(Math.max(...delays)).toBeLessThanOrEqual(15);
  expect(Math.max(...delays)).toBeGreaterThan(14);
});

test("a freeze holds everything in both directions, hello too, and lets it go at once", async () => {
  const { client, heard, heardAt, answers, pass } = conversation({ freezes: [{ atMs: 100, forMs: 2000 }] });
  client.send(observationMessage({ id: 0 }));
  await pass(100);
  expect([heard.length, answers.length]).toEqual([1, 1]);
  client.send({ type: "hello" });
  for (let id = 1; id < 5; id++) client.send(observationMessage({ id }));
  await pass(1999);
  expect(heard).toHaveLength(1);
  await pass(2);
  expect(heard.map(({ type }) => type)).toEqual(["observation", "hello", ...Array(4).fill("observation")]);
  expect(Math.max(...heardAt.slice(1)) - Math.min(...heardAt.slice(1))).toBe(0);
  expect(answers).toHaveLength(6);
  expect(client.figures().observations.frozen).toBe(5);
});

test("an answer that meets a freeze on its way back waits too", async () => {
  const { client, heard, answers, pass } = conversation({
    latencyMs: 60,
    freezes: [{ atMs: 100, forMs: 500 }],
  });
  client.send(observationMessage());
  await pass(70);
  expect(heard).toHaveLength(1);
  await pass(500);
  expect(answers).toEqual([]);
  await pass(31);
  expect(answers).toHaveLength(1);
  expect(client.figures().actions.frozen).toBe(1);
});

test("what is said once is late at worst", async () => {
  const { client, heard, answers, pass } = conversation({ drop: 1, duplicate: 1, reorder: 1, latencyMs: 20 });
  client.send({ type: "hello" });
  await pass(20);
  await pass(20);
  expect(heard).toEqual([{ type: "hello" }]);
  expect(answers).toEqual([policyMessage]);
});

test("a message that is reordered arrives after the next one, or late when none follows", async () => {
  const { client, heard, pass } = conversation({ reorder: 1 });
  client.send(observationMessage({ id: 0 }));
  await pass(99);
  expect(heard).toEqual([]);
  await pass(1);
  expect(ids(heard)).toEqual([0]);

  const mixed = await talk({ reorder: 0.3 }, 200, 5);
  const order = ids(mixed.heard);
  const late = order.filter((id, k) => k > 0 && id < order[k - 1]).length;
  expect(late).toBeGreaterThan(20);
  expect(late).toBeLessThanOrEqual(mixed.client.figures().observations.reordered);
});

test("nan spoils one number of an observation, and never the robot's own array", async () => {
  const own = float32([1, 2, 3]);
  const { client, heard, pass } = conversation({ nan: 1 });
  client.send(observationMessage({ observation: { p: own } }));
  await pass();
  const { p } = (heard[0] as ObservationMessage).observation;
  expect([...p.data].filter(Number.isNaN)).toHaveLength(1);
  expect([...own.data]).toEqual([1, 2, 3]);
});

test("shape gives one array a wrong shape that the node can still read", async () => {
  const { heard, refused, client } = await talk({ shape: 1 }, 40);
  expect(refused).toEqual([]);
  const sound = observationMessage().observation;
  const shapes = new Set<string>();
  for (const message of heard as ObservationMessage[]) {
    const wrong = Object.entries(message.observation).filter(
      ([name, { shape }]) => shape.join() !== sound[name].shape.join(),
    );
    expect(wrong).toHaveLength(1);
    shapes.add(`${wrong[0][0]} [${wrong[0][1].shape.join(", ")}]`);
  }
  expect(shapes).toEqual(new Set(["agent_pos [1]", "keypoints [2, 9]"]));
  expect(client.figures().observations).toMatchObject({ shape: 40, nan: 0 });
});

test("a delayed observation is what it was when it was sent", async () => {
  const own = float32([1, 2]);
  const { client, heard, pass } = conversation({ latencyMs: 20 });
  client.send(observationMessage({ observation: { p: own } }));
  own.data.fill(9);
  await pass(20);
  expect(heard).toMatchObject([{ observation: { p: float32([1, 2]) } }]);
});

test("closing forgets what is under way and leaves no alarm behind", async () => {
  const { client, clock, heard, pass } = conversation({ latencyMs: 20, reorder: 1 });
  client.send(observationMessage());
  await client.close();
  expect(clock.pending).toBe(0);
  await pass(1000);
  expect(heard).toEqual([]);
});

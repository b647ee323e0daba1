import { expect, test } from "vitest";
import { memoryTransport } from "../../src/transport/memory.js";
import type { NodeMessage } from "../../src/transport/message.js";
import { float32 } from "../../src/transport/ndarray.js";
import type { WireValue } from "../../src/transport/wire.js";
import { actionMessage, observationMessage, until } from "./messages.js";

test("two clients talk to one node, each with its own replies", async () => {
  const { node, connect } = memoryTransport();
  node.listen({
    message: (peer, m) =>
      m.type === "observation" && node.send(peer, actionMessage({ id: m.id, step: m.step })),
    malformed: (peer, refusal) => node.send(peer, refusal),
  });
  const got: NodeMessage[][] = [[], []];
  const clients = got.map((messages) => {
    const client = connect();
    client.listen((m) => messages.push(m));
    return client;
  });
  clients[0].send(observationMessage({ id: 10 }));
  clients[1].send(observationMessage({ id: 20 }));
  expect(got.flat()).toEqual([]); // never within the call
  await until(() => got.every((messages) => messages.length === 1));
  expect(got).toEqual([[actionMessage({ id: 10 })], [actionMessage({ id: 20 })]]);
});

test("nothing is shared: what the sender does with its buffers later does not arrive", async () => {
  const { node, connect } = memoryTransport();
  const seen: unknown[] = [];
  node.listen({ message: (_peer, m) => seen.push(m), malformed: () => {} });
  const position = new Float32Array([1, 2]);
  connect().send(observationMessage({ observation: { p: float32(position) } }));
  position.fill(9);
  await until(() => seen.length === 1);
  expect(seen).toEqual([observationMessage({ observation: { p: float32([1, 2]) } })]);
});

test("a malformed message comes back as a refusal", async () => {
  const { node, connect } = memoryTransport();
  node.listen({ message: () => {}, malformed: (peer, refusal) => node.send(peer, refusal) });
  const client = connect();
  const got: NodeMessage[] = [];
  client.listen((m) => got.push(m));
  client.send(observationMessage({ reply: "yes" as "once" }) satisfies WireValue);
  await until(() => got.length === 1);
  expect(got[0]).toMatchObject({
    type: "refused",
    id: 1,
    reason: "malformed",
    message: expect.stringContaining("reply"),
  });
});

test("a burst keeps the newest observations, and what is said once", async () => {
  const { node, connect } = memoryTransport();
  const seen: (number | string)[] = [];
  node.listen({ message: (_peer, m) => seen.push(m.type === "hello" ? m.type : m.id), malformed: () => {} });
  const client = connect();
  client.send({ type: "hello" });
  for (let id = 0; id < 1000; id++) client.send(observationMessage({ id }));
  await until(() => seen.at(-1) === 999);
  expect(seen[0]).toBe("hello");
  expect(seen.length + client.dropped).toBe(1001);
  expect(seen.length).toBeLessThan(20);
});

test("sending to a client that left is counted", async () => {
  const { node, connect } = memoryTransport();
  const peers: string[] = [];
  node.listen({ message: (peer) => peers.push(peer), malformed: () => {} });
  const client = connect();
  client.send({ type: "hello" });
  await until(() => peers.length === 1);
  await client.close();
  node.send(peers[0], actionMessage());
  expect(node.dropped).toBe(1);
});

test("both ends say when a message arrived, by the clock that they were given", async () => {
  const { node, connect } = memoryTransport(() => 1234.5);
  const moments: number[] = [];
  node.listen({
    message: (peer, _message, receivedAt) => {
      moments.push(receivedAt);
      node.send(peer, actionMessage());
    },
    malformed: (_peer, _refusal, receivedAt) => moments.push(receivedAt),
  });
  const client = connect();
  client.listen((_message, receivedAt) => moments.push(receivedAt));
  client.send({ type: "hello" });
  client.send(observationMessage({ step: -1 }));
  await until(() => moments.length === 3);
  expect(moments).toEqual([1234.5, 1234.5, 1234.5]);
});

test("what arrives before listen waits for it", async () => {
  const { node, connect } = memoryTransport();
  connect().send({ type: "hello" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  const seen: string[] = [];
  node.listen({ message: (_peer, m) => seen.push(m.type), malformed: () => {} });
  await until(() => seen.length === 1);
  expect(() => node.listen({ message: () => {}, malformed: () => {} })).toThrow(/twice/);
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Dealer, Request } from "zeromq";
import { monotonicMs } from "../../src/time/clock.js";
import {
  encodeMessage,
  type NodeMessage,
  parseNodeMessage,
  type RefusedMessage,
} from "../../src/transport/message.js";
import { float32 } from "../../src/transport/ndarray.js";
import type { ClientTransport, NodeTransport } from "../../src/transport/transport.js";
import { DEFAULT_WIRE_LIMITS } from "../../src/transport/wire-scan.js";
import { bindZeromqNode, connectZeromqClient } from "../../src/transport/zeromq.js";
import { actionMessage, observationMessage, policyMessage, until } from "./messages.js";

const ANY_PORT = "tcp://127.0.0.1:*";
const ipcEndpoint = () => `ipc://${join(mkdtempSync(join(tmpdir(), "parapilot-")), "node.sock")}`;

const open: { close(): unknown }[] = [];
const kept = <T extends { close(): unknown }>(resource: T): T => {
  open.push(resource);
  return resource;
};
afterEach(async () => {
  for (const resource of open.splice(0)) await resource.close();
});

/** A node that answers hello with the policy, an observation with an action, and bad messages with their refusal. */
async function answeringNode(endpoint: string): Promise<NodeTransport> {
  const node = kept(await bindZeromqNode(endpoint));
  node.listen({
    message: (peer, m) => node.send(peer, m.type === "hello" ? policyMessage : actionMessage({ id: m.id })),
    malformed: (peer, refusal) => node.send(peer, refusal),
  });
  return node;
}

function listeningClient(address: string): ClientTransport & { readonly got: NodeMessage[] } {
  const client = kept(connectZeromqClient(address));
  const got: NodeMessage[] = [];
  client.listen((m) => got.push(m));
  return Object.assign(client, { got });
}

const rawDealer = (address: string) => {
  const dealer = kept(new Dealer({ linger: 0 }));
  dealer.connect(address);
  return dealer;
};

async function reply(socket: Dealer | Request): Promise<NodeMessage | RefusedMessage> {
  const frames = await socket.receive();
  expect(frames.length).toBe(1);
  const parsed = parseNodeMessage(frames[0]);
  return parsed.ok ? parsed.message : parsed.refusal;
}

test.each([ANY_PORT, ipcEndpoint()])("round trip over %s", async (endpoint) => {
  const node = await answeringNode(endpoint);
  const client = listeningClient(node.address);
  client.send({ type: "hello" });
  client.send(observationMessage({ id: 7 }));
  await until(() => client.got.length === 2);
  expect(client.got).toEqual([policyMessage, actionMessage({ id: 7 })]);
});

test("two clients get their own replies", async () => {
  const node = await answeringNode(ANY_PORT);
  const clients = [listeningClient(node.address), listeningClient(node.address)];
  clients[0].send(observationMessage({ id: 10 }));
  clients[1].send(observationMessage({ id: 20 }));
  await until(() => clients.every((client) => client.got.length === 1));
  expect(clients.map((client) => client.got[0])).toMatchObject([{ id: 10 }, { id: 20 }]);
});

test("both ends say when a message came out of the socket, in the order of events", async () => {
  const node = kept(await bindZeromqNode(ipcEndpoint()));
  const moments: number[] = [];
  const arrived = (receivedAt: number) => moments.push(receivedAt, monotonicMs());
  node.listen({
    message: (peer, _message, receivedAt) => {
      arrived(receivedAt);
      node.send(peer, policyMessage);
    },
    malformed: (peer, refusal, receivedAt) => {
      arrived(receivedAt);
      node.send(peer, refusal);
    },
  });
  const client = kept(connectZeromqClient(node.address));
  client.listen((_message, receivedAt) => arrived(receivedAt));
  moments.push(monotonicMs());
  client.send({ type: "hello" });
  await until(() => moments.length === 5);
  client.send(observationMessage({ step: -1 }));
  await until(() => moments.length === 9);
  expect(moments).toEqual(moments.toSorted((a, b) => a - b));
});

test("a message is on its way when send returns, even if the sender's thread stops there", async () => {
  const node = kept(await bindZeromqNode(ipcEndpoint()));
  const arrival = join(mkdtempSync(join(tmpdir(), "parapilot-")), "arrived");
  let arrivedMeanwhile: boolean | undefined;
  node.listen({
    message: (peer) => {
      node.send(peer, actionMessage());
      arrivedMeanwhile = appears(arrival);
    },
    malformed: () => {},
  });
  const hello = Buffer.from(encodeMessage({ type: "hello" })).toString("base64");
  // A process: a thread that ends while it is within ZeroMQ takes its process with it.
  const robot = spawn(process.execPath, [
    "--input-type=module",
    "--eval",
    `import { writeFileSync } from "node:fs";
     import { Dealer } from "zeromq";
     const socket = new Dealer({ linger: 0 });
     socket.connect(${JSON.stringify(node.address)});
     await socket.send(Buffer.from("${hello}", "base64"));
     await socket.receive();
     writeFileSync(${JSON.stringify(arrival)}, "");
     socket.close();`,
  ]);
  kept({ close: () => robot.kill("SIGKILL") });
  await until(() => arrivedMeanwhile !== undefined);
  expect(arrivedMeanwhile).toBe(true);
});

/** Stops this thread until a file appears; false after half a minute. */
function appears(file: string): boolean {
  const idle = new Int32Array(new SharedArrayBuffer(4));
  const giveUp = performance.now() + 30_000;
  while (!existsSync(file) && performance.now() < giveUp) Atomics.wait(idle, 0, 0, 5);
  return existsSync(file);
}

test("a REQ client is answered in its own envelope", async () => {
  const node = await answeringNode(ANY_PORT);
  const request = kept(new Request({ linger: 0 }));
  request.connect(node.address);
  await request.send(encodeMessage({ type: "hello" }));
  expect(await reply(request)).toEqual(policyMessage);
  await request.send(Buffer.of(0xc1));
  expect(await reply(request)).toMatchObject({ type: "refused", reason: "malformed" });
});

test("a client that vanishes is counted, and the node goes on", async () => {
  const node = kept(await bindZeromqNode(ANY_PORT));
  const peers: string[] = [];
  node.listen({ message: (peer) => peers.push(peer), malformed: () => {} });
  const leaving = listeningClient(node.address);
  leaving.send(observationMessage());
  await until(() => peers.length === 1);
  await leaving.close();
  await until(() => {
    node.send(peers[0], actionMessage());
    return node.dropped > 0;
  });
  const staying = listeningClient(node.address);
  staying.send(observationMessage());
  await until(() => peers.length === 2);
  node.send(peers[1], actionMessage());
  await until(() => staying.got.length === 1);
});

test("malformed bytes and extra frames are refused with the reason", async () => {
  const node = await answeringNode(ANY_PORT);
  const dealer = rawDealer(node.address);
  await dealer.send(Buffer.from("not msgpack"));
  expect(await reply(dealer)).toMatchObject({ type: "refused", id: null, reason: "malformed" });
  await dealer.send([encodeMessage({ type: "hello" }), Buffer.of(1)]);
  expect(await reply(dealer)).toMatchObject({
    message: "message came in 2 frames; send each message as one frame",
  });
  await dealer.send(Buffer.alloc(0));
  expect(await reply(dealer)).toMatchObject({ reason: "malformed" });
  await dealer.send(encodeMessage({ type: "hello" }));
  expect(await reply(dealer)).toEqual(policyMessage);
});

test("an oversized message is refused, a far larger one cuts its sender, and others go on", async () => {
  const node = await answeringNode(ANY_PORT);
  const dealer = rawDealer(node.address);
  await dealer.send(Buffer.alloc(DEFAULT_WIRE_LIMITS.maxBytes + 1));
  expect(await reply(dealer)).toMatchObject({ type: "refused", reason: "oversized" });

  let cut = false;
  dealer.events.on("disconnect", () => {
    cut = true;
  });
  await dealer.send(Buffer.alloc(2 * DEFAULT_WIRE_LIMITS.maxBytes));
  await until(() => cut);
  const other = listeningClient(node.address);
  other.send({ type: "hello" });
  await until(() => other.got.length === 1);
});

test("a slow peer costs neither memory nor the newest reply", async () => {
  const node = kept(await bindZeromqNode(ipcEndpoint()));
  const peers: string[] = [];
  node.listen({ message: (peer) => peers.push(peer), malformed: () => {} });
  const slow = kept(new Dealer({ linger: 0, receiveHighWaterMark: 1 }));
  slow.connect(node.address);
  await slow.send(encodeMessage({ type: "hello" }));
  await until(() => peers.length === 1);

  const actions = float32(new Float32Array(64 * 256), [64, 256]);
  const before = process.memoryUsage();
  const last = 4000; // 256 MB of replies
  let newest = -1;
  const take = async () => {
    newest = ((await reply(slow)) as { id: number }).id;
  };
  for (let id = 0; id <= last; id++) {
    node.send(peers[0], actionMessage({ id, actions }));
    // One that took nothing for seconds, on a slow machine, would not answer heartbeats either and be cut off.
    if (id % 50 === 0) await take();
  }
  const after = process.memoryUsage();
  expect(node.dropped).toBeGreaterThan(3000);
  expect(after.arrayBuffers + after.external - before.arrayBuffers - before.external).toBeLessThan(
    128 * 2 ** 20,
  );

  while (newest < last) await take();
});

test("a client finds the node again after a restart, and its newest observation arrives", async () => {
  const endpoint = ipcEndpoint();
  const first = await answeringNode(endpoint);
  const client = listeningClient(endpoint);
  client.send({ type: "hello" });
  await until(() => client.got.length === 1);
  // What is sent before the connection is gone goes with it.
  const witness = rawDealer(endpoint);
  await witness.send(encodeMessage({ type: "hello" }));
  await reply(witness);
  const gone = new Promise((resolve) => witness.events.on("disconnect", resolve));
  await first.close();
  await gone;
  await until(() => {
    client.send(observationMessage({ id: 0 }));
    return client.dropped > 0;
  });
  for (let id = 0; id <= 100; id++) client.send(observationMessage({ id }));
  await answeringNode(endpoint);
  await until(() => client.got.some((m) => m.type === "action" && m.id === 100));
});

test.each([ANY_PORT, ipcEndpoint()])(
  "a closed node can be bound again, a hundred times over: %s",
  async (endpoint) => {
    let node = await bindZeromqNode(endpoint);
    for (let i = 0; i < 100; i++) {
      node.listen({ message: () => {}, malformed: () => {} });
      await node.close();
      node = await bindZeromqNode(node.address);
    }
    kept(node);
  },
);

test("a node that is held up while it waits for its address looks for it once more", async () => {
  const endpoint = ipcEndpoint();
  const first = await answeringNode(endpoint);
  const second = bindZeromqNode(endpoint);
  void first.close();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700);
  kept(await second);
});

test("a client may start before its node", async () => {
  const endpoint = ipcEndpoint();
  const client = listeningClient(endpoint);
  client.send({ type: "hello" });
  await answeringNode(endpoint);
  await until(() => client.got.length === 1);
});

describe("set-up errors name the endpoint and the remedy", () => {
  test.each([ANY_PORT, ipcEndpoint()])("in use: %s", async (endpoint) => {
    const node = await answeringNode(endpoint);
    await expect(bindZeromqNode(node.address)).rejects.toThrow(
      `${node.address} is already in use, probably by another parapilot node; stop that one, or choose another endpoint`,
    );
    const client = listeningClient(node.address);
    client.send({ type: "hello" });
    await until(() => client.got.length === 1);
  });

  test("in use by a node that is too busy to take connections", async () => {
    const path = ipcEndpoint().slice("ipc://".length);
    const busy = kept(createServer()).listen({ path, backlog: 1 });
    await once(busy, "listening");
    // Within one turn, so that it takes none of them.
    for (let k = 0; k < 4; k++) {
      const socket = connect(path).on("error", () => {});
      kept({ close: () => socket.destroy() });
    }
    await expect(bindZeromqNode(`ipc://${path}`)).rejects.toThrow("is already in use");
  });

  test.each(["tcp://0.0.0.0:5571", "tcp://*:5571", "tcp://eth0:5571", "tcp://127.0.0.1.evil.org:5571"])(
    "reachable from elsewhere: %s",
    async (endpoint) => {
      await expect(bindZeromqNode(endpoint)).rejects.toThrow(/every machine .* allow_remote: true/);
    },
  );

  test("allowRemote allows it", async () => {
    kept(await bindZeromqNode("tcp://0.0.0.0:*", { allowRemote: true }));
  });

  test.each(["tcp://127.0.0.1", "tcp://127.0.0.1:99999", "udp://127.0.0.1:5571", "5571", "ipc://"])(
    "no endpoint: %s",
    async (endpoint) => {
      await expect(bindZeromqNode(endpoint)).rejects.toThrow(`"${endpoint}" is not an endpoint to bind`);
    },
  );

  test("a folder that is not there", async () => {
    await expect(bindZeromqNode("ipc:///no/such/folder/x.sock")).rejects.toThrow(/does not exist; create it/);
  });

  test("a client's endpoint", () => {
    expect(() => connectZeromqClient("nonsense")).toThrow(/"nonsense" is not an endpoint to connect to/);
  });
});

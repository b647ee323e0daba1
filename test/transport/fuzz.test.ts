import { mkdtempSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { Dealer } from "zeromq";
import { garbageCollector } from "../../src/bench/collector.js";
import { type NodeMessage, parseClientMessage, parseNodeMessage } from "../../src/transport/message.js";
import type { NodeTransport } from "../../src/transport/transport.js";
import { decode } from "../../src/transport/wire.js";
import { bindZeromqNode, connectZeromqClient } from "../../src/transport/zeromq.js";
import { actionMessage, observationMessage, policyMessage, until } from "./messages.js";
import { ALL_REASONS, Mutator, OVERSIZED } from "./mutator.js";

/** Fixed, so that a failure is the same everywhere; change it to fuzz anew. */
const SEED = 4;
const MESSAGES = 1_000_000;
const SOCKET_MESSAGES = 12_000;

const open: { close(): unknown }[] = [];
const kept = <T extends { close(): unknown }>(resource: T): T => {
  open.push(resource);
  return resource;
};
afterEach(async () => {
  for (const resource of open.splice(0)) await resource.close();
});

test(`a million broken messages are values or refusals with a reason, in bounded memory (seed ${SEED})`, () => {
  const collect = garbageCollector();
  const mutator = new Mutator(SEED);
  const counts: Record<string, number> = { accepted: 0, schema: 0 };
  const hear = (bytes: Uint8Array): string => {
    const parsed = parseClientMessage(bytes);
    if (parsed.ok) return "accepted";
    if (parsed.refusal.message.length > 4000) throw new Error("a refusal too long to be sent");
    const decoded = decode(bytes);
    return decoded.ok ? "schema" : decoded.reason;
  };
  const used = () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  let before = 0;
  for (let k = 0; k < MESSAGES; k++) {
    // What compiling and caches take is not growth.
    if (k === MESSAGES / 10) before = used();
    const bytes = mutator.next();
    let outcome: string;
    try {
      outcome = hear(bytes);
    } catch (cause) {
      const shown = Buffer.from(bytes.subarray(0, 500)).toString("hex");
      throw new Error(`message ${k} of seed ${SEED} broke the decoder: ${shown}`, { cause });
    }
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  expect(used() - before).toBeLessThan(4 * 2 ** 20);
  expect(Object.keys(counts).sort()).toEqual(["accepted", "schema", ...Object.keys(ALL_REASONS)].sort());
  expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(MESSAGES);
  if (process.env.FUZZ_FIGURES) console.log(counts);
}, 300_000);

interface Served {
  readonly node: NodeTransport;
  /** What came to the node's handlers, by kind; refusals by reason. */
  readonly counts: Map<string, number>;
}

/** A node that answers everything exactly once. */
async function servingNode(): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), "parapilot-"));
  const node = kept(await bindZeromqNode(`ipc://${join(folder, "node.sock")}`));
  const counts = new Map<string, number>();
  const count = (kind: string) => counts.set(kind, (counts.get(kind) ?? 0) + 1);
  node.listen({
    message: (peer, message) => {
      count(message.type);
      node.send(peer, message.type === "hello" ? policyMessage : actionMessage({ id: message.id }));
    },
    malformed: (peer, refusal) => {
      count(refusal.reason);
      node.send(peer, refusal);
    },
  });
  return { node, counts };
}

/** Frames as a broken client may send them: mostly one, at times several or an empty one. */
function framesOf(mutator: Mutator, ordinal: number): Uint8Array[] {
  const one = ordinal === 0 ? OVERSIZED : mutator.next();
  if (ordinal % 50 === 1) return [one, mutator.next()];
  if (ordinal % 50 === 2) return [new Uint8Array(0), one];
  if (ordinal % 50 === 3) return [new Uint8Array(0)];
  if (ordinal % 50 === 4) return [new Uint8Array(0), new Uint8Array(0)];
  if (ordinal % 50 === 5) return [one, new Uint8Array(0), one];
  if (ordinal % 50 === 6) return new Array(200).fill(one);
  return [one];
}

async function answer(dealer: Dealer): Promise<NodeMessage> {
  const frames = await dealer.receive();
  const parsed = parseNodeMessage(frames.at(-1) as Buffer);
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  return parsed.message;
}

test(`broken messages through a socket get one answer each, and a robot is served all the while (seed ${SEED})`, async () => {
  const { node, counts } = await servingNode();
  const robot = kept(connectZeromqClient(node.address));
  const answered: number[] = [];
  robot.listen((message) => message.type === "action" && answered.push(message.id as number));
  let asked = 0;
  const ask = async () => {
    robot.send(observationMessage({ id: asked++ }));
    await until(() => answered.length === asked);
  };

  const vandals = 8;
  const attack = async (vandal: number) => {
    const mutator = new Mutator(SEED + 1 + vandal);
    const dealer = kept(new Dealer({ linger: 0 }));
    dealer.connect(node.address);
    for (let k = 0; k < SOCKET_MESSAGES / vandals; k++) {
      await dealer.send(framesOf(mutator, k));
      await answer(dealer);
    }
    // Had any message been answered twice, this would not be the answer to hello.
    await dealer.send(Buffer.from("81a474797065a568656c6c6f", "hex"));
    expect(await answer(dealer)).toEqual(policyMessage);
  };
  let isOver = false;
  const attacks = Promise.all(Array.from({ length: vandals }, (_, vandal) => attack(vandal))).finally(() => {
    isOver = true;
  });
  while (!isOver) await ask();
  await attacks;
  const during = asked;
  await ask();

  expect(during).toBeGreaterThan(10);
  expect(answered).toEqual(Array.from({ length: asked }, (_, id) => id));
  const total = [...counts.values()].reduce((sum, count) => sum + count);
  expect(total).toBe(SOCKET_MESSAGES + vandals + asked);
  expect([...counts.keys()].sort()).toEqual(["hello", "malformed", "observation", "oversized"]);
  expect(node.dropped).toBe(0);
  if (process.env.FUZZ_FIGURES) console.log(Object.fromEntries(counts), { during });
}, 300_000);

/** A connection, as soon as the node has room for another one. */
async function connected(path: string): Promise<Socket> {
  for (;;) {
    const socket = connect(path);
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      socket.once("connect", () => resolve(undefined));
      socket.on("error", resolve);
    });
    if (!error) return socket;
    if (error.code !== "EAGAIN") throw error;
    await sleep(5);
  }
}

test("connections that do not speak ZeroMQ at all leave the node serving", async () => {
  const { node } = await servingNode();
  const mutator = new Mutator(SEED);
  for (let k = 0; k < 200; k++) {
    const socket = await connected(node.address.slice("ipc://".length));
    const greeting = Buffer.from(k % 2 === 0 ? "" : "ff00000000000000017f03", "hex");
    socket.write(Buffer.concat([greeting, mutator.next().subarray(0, 1000)]));
    socket.destroySoon();
  }
  const robot = kept(connectZeromqClient(node.address));
  const answers: NodeMessage[] = [];
  robot.listen((message) => answers.push(message));
  robot.send({ type: "hello" });
  await until(() => answers.length === 1);
});

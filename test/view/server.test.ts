import { request } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/policy/errors.js";
import type { LoopEvent } from "../../src/telemetry/loop-event.js";
import { ViewServer } from "../../src/view/server.js";
import { observationOf, pushtManifest, refusalOf, solveOf, tickOf } from "./events.js";
import { SseReader } from "./sse.js";

interface Frame {
  readonly robots: readonly {
    readonly name: string;
    readonly counts: { readonly rungs: { readonly fresh: number } };
    readonly first: number;
    readonly ticks: readonly { readonly step: number }[];
    readonly transitions: readonly { readonly rung: string; readonly reason: string }[];
  }[];
}

const manifest = pushtManifest();
let view: ViewServer;
const readers: SseReader[] = [];

async function follow(path: string, options?: { paused: boolean }): Promise<SseReader> {
  const reader = await SseReader.open(view.address + path, options);
  readers.push(reader);
  return reader;
}

function get(path: string, headers: Record<string, string> = {}, method = "GET") {
  const { hostname, port } = new URL(view.address);
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    // Not fetch, which would neither send a foreign Host nor an odd path.
    request({ hostname, port, path, headers, method }, async (response) => {
      let body = "";
      for await (const part of response.setEncoding("utf8")) body += part;
      resolve({ status: response.statusCode ?? 0, body });
    })
      .on("error", reject)
      .end();
  });
}

beforeEach(async () => {
  view = await ViewServer.open({ address: "127.0.0.1:0", manifest });
});

afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await view.close();
});

describe("the address", () => {
  it.each(["0.0.0.0:0", "[::]:0", "192.0.2.7:8080", "robot.example:8080"])(
    "refuses %s unless told that other machines may look",
    async (address) => {
      await expect(ViewServer.open({ address, manifest })).rejects.toThrow(/every machine.*allowRemote/);
    },
  );

  it.each(["127.0.0.1", "127.0.0.1:99999", "here:there", "http://127.0.0.1:8080", ""])(
    "refuses %j, which it cannot read",
    async (address) => {
      await expect(ViewServer.open({ address, manifest })).rejects.toThrow(ConfigurationError);
    },
  );

  it.each(["0", "localhost:0"])("takes %s for this machine alone", async (address) => {
    const other = await ViewServer.open({ address, manifest });
    expect(other.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await other.close();
  });

  it("names a port that is in use, and the remedy", async () => {
    const address = new URL(view.address).host;
    const opening = ViewServer.open({ address, manifest });
    await expect(opening).rejects.toThrow(ConfigurationError);
    await expect(opening).rejects.toThrow(new RegExp(`${address}.*in use.*another port`));
  });
});

describe("a request", () => {
  it("is answered only under a name of this server", async () => {
    expect((await get("/healthz", { Host: "rebound.example" })).status).toBe(403);
    expect((await get("/healthz", { Host: "127.0.0.1.rebound.example:80" })).status).toBe(403);
    expect((await get("/healthz", { Host: "192.0.2.7" })).status).toBe(403);
    expect((await get("/healthz", { Host: "localhost:9999" })).status).toBe(200);
    expect((await get("/healthz", { Host: "127.0.0.1" })).status).toBe(200);
  });

  it("for anything else gets an answer, however odd", async () => {
    for (const path of ["//", "/%", "/?%%%", "/events/..", `/${"x".repeat(5000)}`]) {
      expect([200, 404]).toContain((await get(path)).status);
    }
    expect((await get("/", {}, "POST")).status).toBe(405);
  });

  it("for the page gets one document that may load nothing from anywhere", async () => {
    const response = await fetch(view.address);
    const html = await response.text();
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
  });

  it("for the health says when the inference worker is lost", async () => {
    view.watch({ kind: "joined", at: 0, robot: "arm" });
    expect(JSON.parse((await get("/healthz")).body)).toMatchObject({ worker: "ready", robots: ["arm"] });
    view.watch({ kind: "worker", at: 0, state: "lost", message: "it hung" });
    expect((await get("/healthz")).status).toBe(503);
    view.watch({ kind: "worker", at: 0, state: "ready", message: "" });
    expect((await get("/healthz")).status).toBe(200);
  });

  it("for the metrics gets what was watched", async () => {
    view.watch(tickOf(0));
    expect((await get("/metrics")).body).toContain('parapilot_ticks_total{robot="arm",rung="fresh"} 1');
  });
});

describe("a page's stream", () => {
  it("begins with everything, and goes on with what is new", async () => {
    view.watch(tickOf(0));
    view.watch(tickOf(1, { rung: "hold", reason: "no chunk" }));
    const reader = await follow("/events");
    await reader.until(() => reader.messages.length > 0);
    const hello = reader.messages[0];
    expect(hello.event).toBe("hello");
    const { description, state } = hello.data as { description: { name: string }; state: Frame };
    expect(description.name).toBe("pusht");
    expect(state.robots[0].ticks.map((tick) => tick.step)).toEqual([0, 1]);
    expect(state.robots[0].transitions.at(-1)).toMatchObject({ rung: "hold", reason: "no chunk" });

    view.watch(tickOf(2));
    const steps = () =>
      reader.messages
        .slice(1)
        .flatMap(({ data }) => (data as Frame).robots[0].ticks.map((tick) => tick.step));
    await reader.until(() => steps().includes(2));
  });

  it("carries at most 30 messages a second, with every tick in them", async () => {
    const reader = await follow("/events");
    await reader.until(() => reader.messages.length > 0);
    const begun = performance.now();
    const total = 200;
    for (let step = 0; step < total; step++) {
      view.watch(tickOf(step));
      if (step % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    // A page also hears from a node that has nothing to tell yet, once a second.
    const frames = () =>
      reader.messages
        .slice(1)
        .map(({ data }) => data as Frame)
        .filter(({ robots }) => robots.length > 0);
    await reader.until(() => frames().at(-1)?.robots[0].counts.rungs.fresh === total);
    const seconds = (performance.now() - begun) / 1000;
    expect(frames().length).toBeLessThanOrEqual(1 + Math.ceil(30 * seconds));
    expect(frames().length).toBeLessThan(total / 5);
    expect(frames().flatMap((frame) => frame.robots[0].ticks.map((tick) => tick.step))).toEqual(
      Array.from({ length: total }, (_, step) => step),
    );
  });

  it("is given to eight at once, and to another when one goes", async () => {
    const first = await follow("/events");
    for (let k = 1; k < 8; k++) await follow("/events");
    const refused = await get("/events");
    expect(refused.status).toBe(503);
    expect(refused.body).toMatch(/8 clients/);
    first.close();
    const clients = async () => JSON.parse((await get("/healthz")).body).clients as number;
    while ((await clients()) === 8) await turn();
    await follow("/events");
  });

  it("forgets robots that left before it would keep more than sixteen", async () => {
    for (let k = 0; k < 40; k++) {
      view.watch({ kind: "joined", at: k, robot: `robot ${k}` });
      if (k !== 39) view.watch({ kind: "left", at: k, robot: `robot ${k}` });
    }
    const reader = await follow("/events");
    await reader.until(() => reader.messages.length > 0);
    const { robots } = (reader.messages[0].data as { state: Frame }).state;
    expect(robots.length).toBe(16);
    expect(robots.at(-1)?.name).toBe("robot 39");
  });

  it("ends when the server closes", async () => {
    const page = await follow("/events");
    const tap = await follow("/events?all=1");
    await view.close();
    await page.until(() => page.ended);
    await tap.until(() => tap.ended);
  });
});

describe("the stream of everything", () => {
  it("carries each event as JSON, in order, null for NaN", async () => {
    const reader = await follow("/events?all=1");
    const events: LoopEvent[] = [
      observationOf(0),
      solveOf("stopped", Number.NaN),
      tickOf(0),
      refusalOf("busy"),
    ];
    for (const event of events) view.watch(event);
    const got = () => reader.messages.filter(({ event }) => event === "message").map(({ data }) => data);
    await reader.until(() => got().length === events.length);
    expect(got().map((event) => (event as LoopEvent).kind)).toEqual([
      "observation",
      "solve",
      "tick",
      "refused",
    ]);
    expect(got()[0]).toMatchObject({ values: Array.from({ length: 20 }, (_, k) => 100 + 10 * k) });
    expect(got()[1]).toMatchObject({ result: { residual: null } });
  });

  it("drops and counts what a client is too slow for, and tells it", async () => {
    const reader = await follow("/events?all=1", { paused: true });
    const values = new Float64Array(100_000).fill(123.456);
    const sent = 60;
    for (let k = 0; k < sent; k++) {
      view.watch(observationOf(k, { values }));
      await turn();
    }
    expect(view.dropped).toBeGreaterThan(0);
    expect((await get("/metrics")).body).toContain(`parapilot_dropped_total{by="view"} ${view.dropped}`);

    reader.resume();
    const observations = () => reader.messages.filter(({ event }) => event === "message").length;
    await reader.until(() => observations() === sent - view.dropped);
    const { dropped } = view;
    view.watch(tickOf(0));
    await reader.until(() => reader.messages.some(({ event }) => event === "dropped"));
    const gap = reader.messages.find(({ event }) => event === "dropped");
    expect(gap?.data).toBe(dropped);
    // 48 MB were to be sent; the queue and the sockets' own buffers are all that may have held some of it.
    expect(reader.bytes).toBeLessThan(24e6);
  });
});

describe("watching", () => {
  it("never throws into the loop, whatever comes", async () => {
    await follow("/events");
    await follow("/events?all=1");
    const circular = { ...tickOf(0), stages: {} as Record<string, unknown> };
    circular.stages.self = circular;
    const nonsense = [null, {}, { kind: "tick" }, { kind: "solve", robot: "arm" }, circular];
    for (const event of nonsense) expect(() => view.watch(event as unknown as LoopEvent)).not.toThrow();
    const health = async () => JSON.parse((await get("/healthz")).body) as { fault: string | null };
    while ((await health()).fault === null) await turn();
    expect(() => view.watch(tickOf(1))).not.toThrow();
  });
});

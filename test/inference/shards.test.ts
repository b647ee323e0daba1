import { readdir } from "node:fs/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { graphAt } from "../../src/inference/graphs.js";
import { InferenceHost, type WorkerChange } from "../../src/inference/host.js";
import { OnnxNetwork } from "../../src/inference/onnx.js";
import { openNetwork, type PolicyNetwork } from "../../src/inference/policy-network.js";
import { ShardLostError } from "../../src/inference/shards/shard.js";
import { filesOfParts, split, thresholdsOf } from "../../src/inference/shards/split.js";
import { isSolved, type TickRequest } from "../../src/inference/tick.js";
import type { WorkerFaults } from "../../src/inference/worker-faults.js";
import { type Bundle, loadBundle } from "../../src/policy/bundle.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { middleObservation } from "../../src/policy/manifest.js";
import { GaussianStream } from "../../src/sampling/noise.js";
import { SHIPPED } from "../policy/bundles.js";
import { roundedOtherwise } from "./rounded.js";

const ONE = { provider: "cpu", threads: 1, spin: false } as const;
const THREE = { ...ONE, threads: 3 };
const SIZE = 32;

let shipped: Bundle;
beforeAll(async () => {
  shipped = { ...(await loadBundle(SHIPPED)), optimized: [] };
});

const onLinux = test.skipIf(process.platform !== "linux");
/** Of this process, onnxruntime's included. */
const threadCount = async () => (await readdir("/proc/self/task")).length;

/** What a network answers to so many rows of noise, for the observation that `seed` draws. */
async function answer(network: PolicyNetwork, rows: number, seed = 1): Promise<Float64Array> {
  const gaussian = new GaussianStream(seed);
  network.observe(Float64Array.from({ length: 40 }, () => 0.3 * gaussian.next()));
  const states = Float64Array.from({ length: rows * SIZE }, () => gaussian.next());
  const out = new Float64Array(states.length);
  await network.predictNoise(
    states,
    Int32Array.from({ length: rows }, (_, k) => (7 * k) % 100),
    rows,
    out,
  );
  return out;
}

describe("a split", () => {
  const beginnings = fc
    .uniqueArray(fc.integer({ min: 2, max: 60 }), { maxLength: 3 })
    .map((more) => [1, ...more.sort((a, b) => a - b)]);
  const counts = [fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 64 })] as const;

  test("is even, uses no more threads than there are, and no other graph than the whole call", () => {
    fc.assert(
      fc.property(...counts, beginnings, (rows, threads, fromRows) => {
        const parts = split(rows, threads, fromRows);
        const graphs = fromRows.map((from) => ({ fromRows: from }));
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(rows);
        expect(parts.length).toBeLessThanOrEqual(threads);
        expect(Math.max(...parts) - Math.min(...parts)).toBeLessThanOrEqual(1);
        for (const part of parts) expect(graphAt(graphs, part)).toBe(graphAt(graphs, rows));
      }),
    );
  });

  test.each([
    [1, 8, [1], [1]],
    [7, 2, [1], [7]],
    [8, 2, [1], [4, 4]],
    [9, 2, [1, 5], [9]],
    [101, 2, [1, 5], [51, 50]],
    [20, 8, [1], [4, 4, 4, 4, 4]],
  ])("of %i rows for %i threads, graphs from %j, is %j", (rows, threads, fromRows, parts) => {
    expect(split(rows, threads, fromRows)).toEqual(parts);
  });

  test("begins at the thresholds, and nothing else changes between them", () => {
    fc.assert(
      fc.property(...counts, beginnings, (rows, threads, fromRows) => {
        const graphs = fromRows.map((from) => ({ fromRows: from }));
        const wayOf = (n: number) => [
          graphAt(graphs, n).fromRows,
          split(n, threads, fromRows).length > 1 && threads > 1,
        ];
        const changed = String(wayOf(rows)) !== String(wayOf(rows + 1));
        if (changed) expect(thresholdsOf(fromRows)).toContain(rows + 1);
      }),
      { numRuns: 1000 },
    );
    expect(thresholdsOf([1])).toEqual([8]);
    expect(thresholdsOf([1, 5])).toEqual([5, 10]);
    expect(thresholdsOf([1, 20])).toEqual([8, 20, 40]);
  });

  test("needs the graphs that answer parts, and no others", () => {
    const bytes = (k: number) => Uint8Array.of(k);
    const graph = (fromRows: number) => ({
      file: `${fromRows}.onnx`,
      sha256: "",
      for: "cpu" as const,
      precision: "float32" as const,
      fromRows,
      bytes: bytes(fromRows),
    });
    const files = { ...shipped, network: bytes(0) };
    const needs = (...optimized: number[]) => {
      const { network, optimized: kept } = filesOfParts({ ...files, optimized: optimized.map(graph) });
      return [...(network.length > 0 ? [0] : []), ...kept.map(({ fromRows, bytes }) => [fromRows, bytes[0]])];
    };
    expect(needs()).toEqual([0]);
    expect(needs(5)).toEqual([[1, 5]]);
    expect(needs(1, 5)).toEqual([[1, 5]]);
    expect(needs(20)).toEqual([0, [20, 20]]);
    expect(needs(1, 5, 30)).toEqual([
      [1, 5],
      [30, 30],
    ]);
  });
});

describe("a network in shards", () => {
  let one: PolicyNetwork;
  let three: PolicyNetwork;
  beforeAll(async () => {
    const bytes = roundedOtherwise(shipped.network);
    const large = {
      file: "large.onnx",
      sha256: "",
      for: "cpu",
      precision: "float32",
      fromRows: 6,
      bytes,
    } as const;
    const bundle = { ...shipped, optimized: [large] };
    one = await OnnxNetwork.load(bundle, ONE);
    three = await openNetwork(bundle, THREE);
  });
  afterAll(async () => {
    await one.close();
    await three.close();
  });

  test("answers as one thread does, to the last bit, whatever was asked before", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 50 }), fc.nat(1000), async (rows, seed) => {
        const expected = await answer(one, rows, seed);
        expect(await answer(three, rows, seed)).toEqual(expected);
        expect(await answer(three, rows, seed)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  test("counts the time that it ran", async () => {
    const before = three.runMs;
    await answer(three, 30);
    expect(three.runMs).toBeGreaterThan(before);
  });

  onLinux("ends its threads when it is closed", async () => {
    const before = await threadCount();
    const network = await openNetwork(shipped, THREE);
    await answer(network, 30);
    expect(await threadCount()).toBeGreaterThanOrEqual(before + 2);
    await network.close();
    await vi.waitFor(async () => expect(await threadCount()).toBeLessThanOrEqual(before), 30_000);
  });

  test("is refused as one thread's is", async () => {
    const garbage = { ...shipped, network: new Uint8Array(4096).fill(0xa5) };
    await expect(openNetwork(garbage, THREE)).rejects.toThrow(ConfigurationError);
    await expect(openNetwork(garbage, THREE)).rejects.toThrow("onnxruntime cannot load denoiser.onnx");
  });
});

describe("a shard that", () => {
  const failing = async (how: "throws" | "dies" | "hangs") => {
    const network = await openNetwork(shipped, THREE, { call: 2, how });
    onTestFinished(() => network.close());
    return network;
  };

  test("throws fails its call, and answers the next one", async () => {
    const network = await failing("throws");
    const first = await answer(network, 20);
    await expect(answer(network, 20)).rejects.toThrow("a network thread failed: it was told to fail");
    expect(await answer(network, 20)).toEqual(first);
  });

  test.each([
    ["dies", "a network thread ended with code 1"],
    ["hangs", /a network thread hangs: no answer in \d+ ms/],
  ] as const)("%s fails its call and all later ones", async (how, message) => {
    const network = await failing(how);
    await answer(network, 20);
    for (let call = 0; call < 2; call++) {
      const lost = await answer(network, 20).catch((error: unknown) => error);
      expect(lost).toBeInstanceOf(ShardLostError);
      expect((lost as Error).message).toMatch(message);
    }
  });
});

describe("an inference worker with shards", () => {
  const request = (changes: Partial<TickRequest> = {}): TickRequest => {
    const observation = middleObservation(shipped.manifest);
    return { session: "arm", episode: 0, tick: 0, executed: null, observation, ...changes };
  };

  test("gives the chunks of one thread, to the last bit", async () => {
    const chunks: Float32Array[] = [];
    for (const runtime of [ONE, THREE]) {
      const host = await InferenceHost.start(shipped, { runtime });
      const tick = await host.solve(request()).done;
      await host.close();
      if (!isSolved(tick)) throw new Error(tick.message);
      chunks.push(tick.actions);
    }
    expect(chunks[1]).toEqual(chunks[0]);
  });

  onLinux.each<[NonNullable<WorkerFaults["shard"]>["how"], RegExp]>([
    ["dies", /the inference worker died: a network thread ended with code 1/],
    ["hangs", /a network thread hangs|the inference worker hangs/],
  ])("is replaced with all its threads when one %s", async (how, reason) => {
    const before = await threadCount();
    const events: WorkerChange[] = [];
    const host = await InferenceHost.start(shipped, {
      runtime: THREE,
      // Beyond what a warm-up and one solve take.
      faults: { shard: { call: 20, how } },
      onWorker: (event) => events.push(event),
    });
    const started = await threadCount();
    for (let tick = 0; events.length === 0; tick++) {
      const { outcome, ...rest } = await host.solve(request({ tick, session: `${tick}` })).done;
      if (outcome !== "accepted") expect(rest).toMatchObject({ message: expect.stringMatching(reason) });
    }
    await vi.waitFor(() => expect(events.map(({ state }) => state)).toEqual(["lost", "ready"]), 30_000);
    expect(events[0].message).toMatch(reason);
    expect((await host.solve(request()).done).outcome).toBe("accepted");
    await vi.waitFor(async () => expect(await threadCount()).toBeLessThanOrEqual(started), 30_000);
    await host.close();
    await vi.waitFor(async () => expect(await threadCount()).toBeLessThanOrEqual(before), 30_000);
  });
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { benchCrossing } from "../../src/bench/crossing.js";
import { idleGraph } from "../../src/bench/idle-graph.js";
import { evaluateInOnnxruntime } from "../../src/optimize/evaluate.js";
import { type Bundle, loadBundle } from "../../src/policy/bundle.js";
import { SHIPPED } from "../policy/bundles.js";

it("an idle graph takes and gives what it is told to, and needs all that it takes", async () => {
  const graph = idleGraph({ a: [2, 3], b: [1, 4] }, { x: [5], y: [2, 2] });
  const numbers = (dims: readonly number[], data: readonly number[]) =>
    ({ dims, data: Float32Array.from(data), integer: false }) as const;
  const a = numbers([2, 3], [1, 2, 3, 4, 5, 6]);
  const answer = await evaluateInOnnxruntime(
    graph,
    new Map([
      ["a", a],
      ["b", numbers([1, 4], [0, 0, 0, 10])],
    ]),
  );
  expect(answer.get("x")?.dims).toEqual([5]);
  expect(answer.get("y")?.dims).toEqual([2, 2]);
  expect([...(answer.get("y")?.data ?? [])]).toEqual([16, 16, 16, 16]);
  await expect(evaluateInOnnxruntime(graph, new Map([["a", a]]))).rejects.toThrow("b");
});

it("times the loop and every graph, and what a call of each costs at the least", async () => {
  const bundle = await smallPolicy();
  const runtime = { provider: "cpu", threads: 1, spin: false } as const;
  const rows = await benchCrossing(bundle, runtime, { sweeps: [1, 2], rounds: 1 }, () => {});
  expect(rows.map(({ way, sweeps }) => `${way} ${sweeps}`)).toEqual(["loop 1", "graph 1", "graph 2"]);
  for (const { sweep_ms_p50, host_ms_p50, crossing_ms_p50 } of rows) {
    expect(sweep_ms_p50).toBeGreaterThan(host_ms_p50);
    expect(host_ms_p50).toBeGreaterThan(0);
    expect(crossing_ms_p50).toBeGreaterThan(0);
  }
});

/** The shipped policy's manifest for a network of 20 levels, chunks of 8 and 6 observed values; nobody has calibrated it. */
async function smallPolicy(): Promise<Bundle> {
  const { directory, manifest } = await loadBundle(SHIPPED);
  const network = await readFile(join("test", "optimize", "unet", "legacy.onnx"));
  const { action } = manifest.normalizer;
  const range = { min: [0, 0, 0], max: [1, 1, 1] };
  return {
    directory,
    network,
    optimized: [],
    manifest: {
      ...manifest,
      horizon: 8,
      observation: [{ name: "x", shape: [3], unit: "1" }],
      diffusion: { ...manifest.diffusion, levels: 20 },
      normalizer: { kind: "limits", action, observation: { x: range } },
    },
  };
}

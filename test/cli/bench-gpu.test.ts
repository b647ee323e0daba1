import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { whyNoMeasurement } from "../../src/bench/gpu/adapter.js";
import { writeRandomBundle } from "../../src/bench/gpu/random-bundle.js";
import type { GpuBench, GpuRow } from "../../src/bench/gpu/result.js";
import { gpuText } from "../../src/cli/bench/gpu-text/gpu-text.js";
import { loadBundle } from "../../src/policy/bundle.js";
import { SHIPPED, temporaryFolder } from "../policy/bundles.js";
import { parapilot } from "./process.js";

const QUICKLY = [
  "--states",
  "1",
  "--rounds",
  "1",
  "--seconds",
  "1",
  "--batch",
  "1",
  "--batch",
  "4",
  "--threads",
  "1",
];

describe("bench gpu", () => {
  it("solves with the trained policy, replays its calls on a random network, and keeps the run for later", async () => {
    const folder = await temporaryFolder();
    const { manifest } = await loadBundle(SHIPPED);
    const { directory } = await writeRandomBundle(join(folder, "random"), manifest, [8, 16, 32]);
    const file = join(folder, "run.json");
    // The random one first: the trained one is measured before it all the same.
    const { code, stdout } = await parapilot(
      "bench",
      "gpu",
      directory,
      SHIPPED,
      ...QUICKLY,
      "--out",
      file,
      "--json",
    );
    expect(code).toBe(0);
    const bench: GpuBench = JSON.parse(stdout);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual(bench);
    expect(bench).toMatchObject({ provider: "cpu", unfinished: null });
    expect(bench.not_a_measurement).toContain("not a measurement");
    const [trained, random] = bench.networks;
    expect([trained.weights, random.weights]).toEqual(["trained", "random"]);
    expect([trained.failure, random.failure]).toEqual([null, null]);
    for (const { curve, floors, parts, sweeps, rows } of bench.networks) {
      expect(sweeps?.failure).toBeNull();
      expect(sweeps?.rows.map(({ way, sweeps: count }) => `${way} ${count}`)).toEqual([
        "loop 1",
        "graph 1",
        "graph 3",
      ]);
      expect(curve.map(({ batch }) => batch)).toEqual([1, 4]);
      expect(floors.map(({ rows: batch }) => batch)).toEqual([1, 4]);
      expect(parts.map(({ batch }) => batch)).toEqual([1, 4]);
      expect(rows.map(({ start, stride }) => `${start} ${stride}`)).toEqual([
        ...Array(4).fill("cold null"),
        "warm 8",
        "warm 1",
      ]);
    }
    const row = (rows: readonly GpuRow[], name: string) => rows.find((each) => each.name === name);
    expect(row(trained.rows, "DDPM-100")).toMatchObject({ sweeps: 100, evaluations: 100, error_p99: 0 });
    expect(row(trained.rows, "DDIM-10")).toMatchObject({ sweeps: 10, error_p99: null });
    for (const each of trained.rows) {
      const twin = random.rows.find(
        ({ name, start, stride }) => name === each.name && start === each.start && stride === each.stride,
      );
      expect(each).toMatchObject({ solve: { n: 1 }, calls: { n: 1 }, sweeps_from: "its own solves" });
      // The same calls, only on another network.
      expect(twin).toMatchObject({
        sweeps: each.sweeps,
        evaluations: each.evaluations,
        solve: null,
        error_p99: null,
      });
      expect(twin?.sweeps_from).toBe("solves of pusht in this run");
    }
    const shown = await parapilot("bench", "gpu", "--show", file);
    expect(shown.stdout).toBe(gpuText([bench]));
    expect(shown.stdout).toContain("! the cpu provider: not a measurement of a GPU");
  }, 300_000);

  it("says why a provider cannot be measured", async () => {
    const { code, stderr, stdout } = await parapilot("bench", "gpu", ...QUICKLY, "--provider", "cuda");
    if (code === 0) return expect(stdout).toContain("cuda");
    expect(stderr).toContain("cuda is not usable: ");
  });

  it("shows nothing that is no run", async () => {
    const file = join(await temporaryFolder(), "other.json");
    await writeFile(file, '{"rows":[]}');
    const { code, stderr } = await parapilot("bench", "gpu", "--show", file);
    expect(code).toBe(1);
    expect(stderr).toContain(`${file} is no run of the GPU; write it with: parapilot bench gpu --out`);
  });
});

describe("what it prints", () => {
  const ms = (p50: number) => ({ p50, p90: p50 * 1.5, n: 20 });
  const row: GpuRow = {
    name: "DDPM-100",
    start: "cold",
    stride: null,
    solve: ms(200),
    calls: ms(198),
    agreement: 1.01,
    own_ms: 2,
    ms: ms(200),
    sweeps: 100,
    evaluations: 100,
    sweeps_from: "its own solves",
    error_p50: 0,
    error_p99: 0,
    cpu_error_p99: 0.003,
  };
  const warm: GpuRow = {
    ...row,
    name: "semilinear calibrated",
    start: "warm",
    stride: 8,
    ms: ms(8),
    sweeps: 2.5,
    evaluations: 240,
    error_p50: 0.002,
    error_p99: 0.06,
  };
  const bench: GpuBench = {
    format: "parapilot-bench-gpu/1",
    provider: "cuda",
    threads: 2,
    onnxruntime: "1.30.0",
    device: "a GPU",
    not_a_measurement: null,
    rates: { gb_per_s: 3000, gflop_per_s: { float32: 400_000 }, launch_ms: 0.003, unknown: ["float16: no"] },
    networks: [
      {
        policy: "p",
        sha256: "0",
        weights: "random",
        graphs: "optimized, float16",
        network: "a U-Net",
        failure: "the driver went away",
        curve: [{ batch: 1, ms: 2 }],
        parts: [],
        floors: [],
        sweeps: { failure: "no Scan on this provider", rows: [] },
        rows: [row, warm],
        peer: {
          failure: null,
          greeting: { torch: "2", device: "a GPU", is_gpu: true, variants: ["conv eager fp32"] },
          differences: { conv: 2e-3 },
          rates: null,
          rows: [{ variant: "conv eager fp32", rule: "ddpm", steps: 100, ms: ms(320), failure: null }],
          calls: [{ variant: "conv eager fp32", batch: 1, ms: 3.2 }],
        },
      },
    ],
    unfinished: "p",
  };

  it("names what was cut short, random, failed, too inexact, and not the same network", () => {
    const text = gpuText([bench]);
    expect(text).toContain("! cut short during p");
    expect(text).toContain("! not known: float16: no");
    expect(text).toContain("! no sweep within a graph: no Scan on this provider");
    expect(text).toContain("random weights: only times mean anything\n! failed: the driver went away");
    expect(text).toMatch(/^semilinear calibrated, warm after 8 +8\.00 +12\.0 +20 .* 25\.0×$/m);
    expect(text).toContain(
      "network calls of its own solves; replayed alone they take 1.01 to 1.01 times as long",
    );
    expect(text).toContain("error p99 0.0600 of 20 solves, BEYOND 0.05");
    expect(text).toMatch(/^conv eager fp32 +320 +480 +20 +40\.0× +– +– +3\.20$/m);
    expect(text).toContain("40.0× its DDPM-100");
    expect(text).toContain("NOT THE SAME NETWORK");
    const glance = text.slice(text.indexOf("== at a glance"));
    expect(glance).toMatch(/^p50, ms +call of 1 +DDPM-100 +cold +warm 8 /m);
    expect(glance).toMatch(/^p, cuda, optimized, float16 +2\.00 +200 +– +8\.00 +– +– +– +0\.0600 +0\.0030$/m);
    expect(glance).toMatch(/^p, PyTorch, conv eager fp32 +3\.20 +320 +$/m);
  });

  it("calls no software adapter a measurement", () => {
    const unknown = { name: null, software: null };
    expect(whyNoMeasurement("cuda", unknown, 1)).toBeNull();
    expect(whyNoMeasurement("cpu", unknown, 1e6)).toContain("not a measurement");
    const swiftshader = { name: "SwiftShader Device", software: true };
    expect(whyNoMeasurement("webgpu", swiftshader, undefined)).toContain(
      "software adapter (SwiftShader Device)",
    );
    expect(whyNoMeasurement("webgpu", unknown, 0.1)).toContain("software adapter");
  });
});

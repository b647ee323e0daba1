import fc from "fast-check";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  describeGraphs,
  graphAt,
  graphsFor,
  type NetworkFiles,
  optimizedFor,
} from "../../src/inference/graphs.js";
import { InferenceHost } from "../../src/inference/host.js";
import { OnnxNetwork } from "../../src/inference/onnx.js";
import { isSolved } from "../../src/inference/tick.js";
import { type Bundle, loadBundle } from "../../src/policy/bundle.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { middleObservation } from "../../src/policy/manifest.js";
import { GaussianStream } from "../../src/sampling/noise.js";
import { optimizedBundle, SHIPPED } from "../policy/bundles.js";
import { distance } from "../sampling/problems.js";
import { roundedOtherwise } from "./rounded.js";

const RUNTIME = { provider: "cpu", threads: 1, spin: false } as const;
const GARBAGE = new Uint8Array(4096).fill(0xa5);

let original: Bundle;
let other: Uint8Array;
beforeAll(async () => {
  original = { ...(await loadBundle(SHIPPED)), optimized: [] };
  other = roundedOtherwise(original.network);
});

/** What a network answers to some noise in so many rows. */
async function answer(files: NetworkFiles, rows: number): Promise<Float64Array> {
  const network = await OnnxNetwork.load(files, RUNTIME);
  const gaussian = new GaussianStream(3);
  const states = Float64Array.from({ length: rows * 32 }, () => gaussian.next());
  const out = new Float64Array(states.length);
  network.observe(new Float64Array(40).fill(0.1));
  await network.predictNoise(
    states,
    Int32Array.from({ length: rows }, (_, k) => (7 * k) % 100),
    rows,
    out,
  );
  await network.close();
  return out;
}

const optimised = async (fromRows: number, bytes = other) =>
  loadBundle(await optimizedBundle([{ bytes, fromRows }]));

describe("a network with an optimised graph", () => {
  it("answers with it from its rows on, and with the original below", async () => {
    const bundle = await optimised(5);
    const alone = { ...original, network: other };
    for (const rows of [1, 4, 5, 20]) {
      const [before, after] = [await answer(original, rows), await answer(alone, rows)];
      expect(distance(before, after)).toBeGreaterThan(0);
      expect(await answer(bundle, rows)).toEqual(rows < 5 ? before : after);
    }
  });

  it("keeps them apart when the rows change from call to call", async () => {
    const network = await OnnxNetwork.load(await optimised(5), RUNTIME);
    onTestFinished(() => network.close());
    network.observe(new Float64Array(40));
    const call = async (rows: number) => {
      const out = new Float64Array(rows * 32);
      await network.predictNoise(new Float64Array(rows * 32).fill(0.5), new Int32Array(rows), rows, out);
      return out.slice(0, 32);
    };
    const [few, many] = [await call(1), await call(6)];
    expect(distance(few, many)).toBeGreaterThan(0);
    expect(distance(few, many)).toBeLessThan(1e-4);
    expect(await call(1)).toEqual(few);
    expect(await call(6)).toEqual(many);
  });

  it("does not load the original when that would never run", async () => {
    const bundle = { ...(await optimised(1)), network: GARBAGE };
    expect(await answer(bundle, 3)).toEqual(await answer({ ...original, network: other }, 3));
  });

  it.each(["sequential", "semilinear"] as const)(
    "gives the chunks of the original up to rounding, %s",
    async (name) => {
      const solve = async (bundle: Bundle) => {
        const host = await InferenceHost.start(bundle, { runtime: RUNTIME, solver: { name } });
        const observation = middleObservation(bundle.manifest);
        const tick = await host.solve({ session: "a", episode: 0, tick: 0, executed: null, observation })
          .done;
        await host.close();
        if (!isSolved(tick)) throw new Error(tick.message);
        return tick.actions;
      };
      // Sequential solves ask one row at a time.
      const bundle = await optimised(name === "sequential" ? 1 : 5);
      const [before, after] = [await solve({ ...bundle, optimized: [] }), await solve(bundle)];
      expect(distance(before, after)).toBeGreaterThan(0);
      // Actions span 512 px, normalised ones [-1, 1].
      expect(distance(before, after) / 256).toBeLessThan(1e-4);
    },
  );

  it("is refused when that graph is none, naming it and the way without", async () => {
    const error: unknown = await OnnxNetwork.load(await optimised(5, GARBAGE), RUNTIME).catch(
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toMatch(
      /^onnxruntime cannot load graph-0\.onnx on provider "cpu": .*; make it anew with parapilot optimize, or take it out of denoiser\.optimized/s,
    );
  });
});

describe("the choice of a graph", () => {
  const graph = (fromRows: number, target: "cpu" | "gpu" = "cpu") => ({
    file: `${fromRows}.onnx`,
    sha256: "",
    fromRows,
    for: target,
    precision: "float32" as const,
    bytes: GARBAGE,
  });

  it("falls on the last that begins at the rows or below", () => {
    const graphs = [1, 5, 30].map((rows) => graph(rows));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (rows) => {
        expect(graphAt(graphs, rows).fromRows).toBe(rows < 5 ? 1 : rows < 30 ? 5 : 30);
      }),
    );
  });

  it("is between those that are for the provider", () => {
    const bundle = { ...original, optimized: [graph(5), graph(1, "gpu"), graph(30, "gpu")] };
    const files = (of: NetworkFiles, provider: "cpu" | "webgpu" | "cuda") =>
      graphsFor(of, provider).map(({ file }) => file);
    expect(files(bundle, "cpu")).toEqual(["denoiser.onnx", "5.onnx"]);
    expect(files({ ...original, optimized: [graph(1)] }, "cpu")).toEqual(["1.onnx"]);
    for (const provider of ["webgpu", "cuda"] as const) {
      expect(files(bundle, provider)).toEqual(["1.onnx", "30.onnx"]);
      expect(files({ ...original, optimized: [graph(1)] }, provider)).toEqual(["denoiser.onnx"]);
      expect(optimizedFor({ optimized: [graph(1)] }, provider)).toEqual([]);
    }
  });

  it("is said in words", () => {
    expect(describeGraphs(graphsFor(original, "cpu"))).toBe("denoiser.onnx");
    expect(describeGraphs([1, 6].map((rows) => graph(rows)))).toBe("1.onnx, from 6 rows on 6.onnx");
  });
});

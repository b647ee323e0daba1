import { describe, expect, test } from "vitest";
import { summariseProfile } from "../../../src/bench/gpu/call-parts.js";
import { peerWeights, safetensorsOf } from "../../../src/bench/gpu/peer-weights.js";
import { isRandom, writeRandomBundle } from "../../../src/bench/gpu/random-bundle.js";
import { idleGraph } from "../../../src/bench/idle-graph.js";
import { OnnxNetwork } from "../../../src/inference/onnx.js";
import { loadBundle } from "../../../src/policy/bundle.js";
import { ConfigurationError } from "../../../src/policy/errors.js";
import { SHIPPED, temporaryFolder } from "../../policy/bundles.js";

const CPU = { provider: "cpu", threads: 1, spin: false } as const;
const CHANNELS = [8, 16, 32];

async function randomBundle(seed = 0) {
  const { manifest } = await loadBundle(SHIPPED);
  const { directory, parameters } = await writeRandomBundle(
    await temporaryFolder(),
    manifest,
    CHANNELS,
    seed,
  );
  return { bundle: await loadBundle(directory), parameters };
}

describe("a network with random weights", () => {
  test("is a policy of the shipped one's shape that says what it is", async () => {
    const { bundle, parameters } = await randomBundle();
    expect(isRandom(bundle.manifest)).toBe(true);
    expect(isRandom((await loadBundle(SHIPPED)).manifest)).toBe(false);
    expect(bundle.manifest).toMatchObject({
      name: "random-8-16-32",
      horizon: 16,
      training: { weights: "random" },
    });
    expect(bundle.manifest.training.network).toContain(`${parameters.toLocaleString("en")} weights`);
    const network = await OnnxNetwork.load(bundle, CPU);
    const out = new Float64Array(3 * 32);
    await network.predictNoise(new Float64Array(96).fill(0.3), Int32Array.of(0, 50, 99), 3, out);
    await network.close();
    expect(out.every(Number.isFinite)).toBe(true);
    expect(out.slice(0, 32)).not.toEqual(out.slice(32, 64));
  });

  test("is the same for the same seed", async () => {
    const shas = [];
    for (const seed of [1, 1, 2]) shas.push((await randomBundle(seed)).bundle.manifest.denoiser.sha256);
    expect(shas[0]).toBe(shas[1]);
    expect(shas[0]).not.toBe(shas[2]);
  });

  test("has all the peer's weights, under the names that the shipped network has", async () => {
    const { bundle } = await randomBundle();
    const shipped = peerWeights((await loadBundle(SHIPPED)).network);
    const random = peerWeights(bundle.network);
    expect([...random.keys()].sort()).toEqual([...shipped.keys()].sort());
    expect(shipped.get("up.0.0.skip.weight")?.dims).toEqual([128, 512]);
    expect(shipped.get("down.2.1.second.norm.weight")?.dims).toEqual([8, 32]);
    expect(shipped.get("film_table")?.dims).toEqual([100, 3584]);
    for (const [name, { dims, data }] of random) {
      expect(
        dims.reduce((size, side) => size * side, 1),
        name,
      ).toBe(data.length);
    }
  });
});

test("weights travel as safetensors", () => {
  const weights = new Map([
    ["a", { dims: [2], data: Float32Array.of(1, 2) }],
    ["b", { dims: [1, 3], data: Float64Array.of(3, 4, 5) }],
  ]);
  const bytes = Buffer.from(safetensorsOf(weights));
  const length = Number(bytes.readBigUInt64LE());
  expect(length % 8).toBe(0);
  expect(JSON.parse(bytes.toString("utf8", 8, 8 + length))).toEqual({
    a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
    b: { dtype: "F32", shape: [1, 3], data_offsets: [8, 20] },
  });
  const numbers = Array.from({ length: 5 }, (_, k) => bytes.readFloatLE(8 + length + 4 * k));
  expect(numbers).toEqual([1, 2, 3, 4, 5]);
});

test("a graph of another make has no peer, and the error says why", () => {
  const idle = idleGraph({ sample: [1, 16, 2] }, { noise: [1, 16, 2] });
  expect(() => peerWeights(idle)).toThrow(ConfigurationError);
  expect(() => peerWeights(idle)).toThrow(/film_table.*export\.py/);
});

test("a profile is summed over its last calls alone", () => {
  const node = (op_name: string, dur: number) => ({
    cat: "Node",
    name: `${op_name}_kernel_time`,
    dur,
    args: { op_name },
  });
  const run = { cat: "Session", name: "model_run", dur: 1 };
  const call = [node("MatMul", 3), node("Add", 1), { cat: "Kernel", name: "gemm", dur: 500 }, run];
  const events = [node("MatMul", 9000), { cat: "Kernel", name: "gemm", dur: 9000 }, run, ...call, ...call];
  expect(summariseProfile(events, 2)).toEqual({
    operators: 2,
    host_share: { MatMul: 0.75, Add: 0.25 },
    device_ms: 0.5,
  });
  const onHost = events.filter(({ cat }) => cat !== "Kernel");
  expect(summariseProfile(onHost, 2).device_ms).toBeNull();
});

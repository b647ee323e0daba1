import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { jointFiles } from "../../../src/inference/joint/joint-files.js";
import { requireRowsApart } from "../../../src/inference/joint/rows-apart.js";
import { openNetwork, type PolicyNetwork } from "../../../src/inference/policy-network.js";
import { readModel, writeModel } from "../../../src/onnx/model.js";
import { TensorProto_DataType } from "../../../src/onnx/onnx_pb.js";
import { valueInfo } from "../../../src/onnx/value.js";
import { type Bundle, loadBundle } from "../../../src/policy/bundle.js";
import { ConfigurationError } from "../../../src/policy/errors.js";
import { observationWidth } from "../../../src/policy/manifest.js";
import { GaussianStream } from "../../../src/sampling/noise.js";
import { optimizedTinyBundle, tinyBundle } from "../../optimize/tiny-bundle.js";
import { TinyNetwork } from "../../optimize/tiny-network.js";
import { SHIPPED } from "../../policy/bundles.js";
import { distance } from "../../sampling/problems.js";

const RUNTIME = { provider: "cpu", threads: 1, spin: false } as const;
const UNET = join("test", "optimize", "unet");

async function opened(files: Parameters<typeof openNetwork>[0], threads = 1): Promise<PolicyNetwork> {
  const network = await openNetwork(files, { ...RUNTIME, threads });
  onTestFinished(() => network.close());
  return network;
}

const BUNDLES: [string, () => Promise<string>][] = [
  ["the shipped policy", async () => SHIPPED],
  ["optimised graphs", () => optimizedTinyBundle()],
  ["a network of the legacy exporter", async () => tinyBundle(await readFile(join(UNET, "legacy.onnx")))],
  ["a network of torch.export", () => tinyBundle()],
];

describe.each(BUNDLES)("joint files of %s", (_, folder) => {
  test.each([1, 3])(
    "answer rows of several observations as the network does alone, %i threads",
    async (threads) => {
      const bundle = await loadBundle(await folder());
      const files = jointFiles(bundle, "cpu");
      const [alone, joint] = [await opened(bundle), await opened(files, threads)];
      await requireRowsApart(joint, files);
      const { shape } = joint;
      const size = shape.horizon * shape.dim;
      const width = bundle.manifest.n_obs_steps * observationWidth(bundle.manifest);
      const stream = new GaussianStream(3);
      for (const rows of [1, 2, 7, 31]) {
        const problems = Math.min(rows, 3);
        const observations = stream.fill(new Float64Array(problems * width)).map(Math.tanh);
        const states = stream.fill(new Float64Array(rows * size));
        const levels = Int32Array.from({ length: rows }, (__, row) => (7 * row) % 20);
        const owners = Int32Array.from({ length: rows }, (__, row) => (row * row) % problems);
        const together = new Float64Array(states.length);
        joint.observe(observations);
        await joint.predictNoise(states, levels, rows, together, owners);
        const wanted = new Float64Array(states.length);
        const out = new Float64Array(size);
        for (let row = 0; row < rows; row++) {
          alone.observe(observations.subarray(owners[row] * width, (owners[row] + 1) * width));
          const state = states.subarray(row * size, (row + 1) * size);
          await alone.predictNoise(state, levels.subarray(row, row + 1), 1, out);
          wanted.set(out, row * size);
        }
        expect(distance(wanted, together)).toBeLessThan(2e-5);
      }
    },
  );
});

describe("a network that", () => {
  const refusal = async (network: Uint8Array) => {
    const files = jointFiles(await loadBundle(await tinyBundle(network)), "cpu");
    const joint = await opened(files);
    const error: unknown = await requireRowsApart(joint, files).catch((reason) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message;
  };
  const conditioned = (network: TinyNetwork, condition: string) => {
    const model = readModel(network.file(network.op("Add", ["sample", condition]), 8, 2));
    model.graph.input[2] = valueInfo("observation", TensorProto_DataType.FLOAT, [1, 6]);
    return writeModel(model);
  };

  test("mixes the observations of a batch is refused with the remedy", async () => {
    const network = new TinyNetwork(1);
    const mean = network.op("ReduceMean", ["observation"], { keepdims: 1 });
    const message = await refusal(conditioned(network, network.reshape(mean, 1, 1, 1)));
    expect(message).toMatch(
      /denoiser\.onnx cannot be asked about several observations in one call: a batch of 2/,
    );
    expect(message).toMatch(/parapilot optimize, or solve one problem at a time/);
  });

  test("knows of one observation only is refused with what onnxruntime says", async () => {
    const network = new TinyNetwork(1);
    const one = network.reshape("observation", 1, 1, 6);
    const sum = network.op("ReduceSum", [one, network.integers([2])], { keepdims: 1 });
    expect(await refusal(conditioned(network, sum))).toMatch(/Reshape|reshape/);
  });
});

test("an ordinary network takes one observation, and says so", async () => {
  const bundle: Bundle = await loadBundle(await tinyBundle());
  const width = 6;
  const alone = await opened(bundle);
  expect(() => alone.observe(new Float64Array(2 * width))).toThrow("an observation has 6 values, not 12");
  const joint = await opened(jointFiles(bundle, "cpu"));
  expect(() => joint.observe(new Float64Array(width + 1))).toThrow(
    "an observation has a multiple of 6 values, not 7",
  );
});

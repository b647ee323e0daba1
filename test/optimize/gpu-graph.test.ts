import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, it, onTestFinished } from "vitest";
import { OnnxNetwork } from "../../src/inference/onnx.js";
import { readModel } from "../../src/onnx/model.js";
import { loadBundle } from "../../src/policy/bundle.js";
import { questions } from "./questions.js";
import { optimizedTinyBundle } from "./tiny-bundle.js";

/** A Vulkan driver that computes on the CPU comes with Chromium. */
const SOFTWARE_DRIVER = "/usr/lib/chromium/vk_swiftshader_icd.json";

interface Said {
  readonly missing?: string;
  readonly answers?: readonly number[];
}

function onWebgpu(folder: string): Promise<Said> {
  const { VK_DRIVER_FILES, ...others } = process.env;
  const driver = VK_DRIVER_FILES ?? (existsSync(SOFTWARE_DRIVER) ? SOFTWARE_DRIVER : undefined);
  return new Promise((resolve) => {
    const child = fork(new URL("./on-webgpu.js", import.meta.url), [folder], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: { ...others, ...(driver ? { VK_DRIVER_FILES: driver } : {}) },
    });
    let stderr = "";
    child.stderr?.on("data", (data) => {
      stderr += data;
    });
    let said: Said | undefined;
    child.on("message", (message: Said) => {
      said = message;
    });
    child.on("close", (code) => {
      if (!said) expect.soft(stderr, `the child ended with ${code}`).toBe("");
      resolve(said ?? {});
    });
  });
}

it("runs wholly on webgpu, with the answers of the original on the CPU", async (context) => {
  const folder = await optimizedTinyBundle();
  const { missing, answers } = await onWebgpu(folder);
  if (missing !== undefined) context.skip(`webgpu cannot be used here: ${missing}`);
  const bundle = await loadBundle(folder);
  const original = await OnnxNetwork.load(
    { ...bundle, optimized: [] },
    { provider: "cpu", threads: 1, spin: false },
  );
  onTestFinished(() => original.close());
  const wanted = await questions(original);
  expect(answers).toHaveLength(wanted.length);
  for (const [k, value] of wanted.entries()) expect(answers?.[k]).toBeCloseTo(value, 5);
});

it("has only operators that WebGPU and CUDA have in onnxruntime 1.30, and none with more tensors than a shader may bind", async () => {
  const bundle = await loadBundle(await optimizedTinyBundle());
  const [graph] = bundle.optimized.filter((other) => other.for === "gpu");
  const { node } = readModel(graph.bytes).graph;
  const both = "Add Concat Gather Gemm LayerNormalization MatMul Mish Mul Reshape Split Transpose".split(" ");
  expect([...new Set(node.map(({ opType }) => opType))].filter((opType) => !both.includes(opType))).toEqual(
    [],
  );
  for (const { input, output } of node) expect(input.length + output.length).toBeLessThanOrEqual(8);
});

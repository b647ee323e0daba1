import { expect, test } from "vitest";
import { explainFailure, PROVIDERS } from "../../src/inference/providers.js";

const LOADING = "onnxruntime cannot load denoiser.onnx on provider";

test("the cpu is tried first", () => {
  expect(PROVIDERS).toEqual(["cpu", "webgpu", "cuda"]);
});

test("a C++ signature is left out, and the library that is missing is named", () => {
  const message =
    `${LOADING} "webgpu": /onnxruntime_src/core/webgpu_context.cc:136 onnxruntime::Initialize(const Config&)::<lambda()> ` +
    "adapter_result.status == Success was false. Failed to get a WebGPU adapter: No supported adapters\n";
  const stderr = "Warning: libvulkan.so.1: cannot open shared object file: No such file or directory\n";
  expect(explainFailure("webgpu", message, stderr, "linux-x64")).toBe(
    "Failed to get a WebGPU adapter: No supported adapters; libvulkan.so.1 cannot be found; " +
      "where there is a GPU, install libvulkan1 and its Vulkan driver",
  );
});

test.each([
  ["linux-x64", "/x/libonnxruntime_providers_shared.so", "ONNXRUNTIME_NODE_INSTALL=cuda12"],
  ["linux-x64", "libcudnn.so.9", "install CUDA 12 and cuDNN 9"],
  ["darwin-arm64", "libcudnn.so.9", "linux-x64 only, and this is darwin-arm64"],
])("cuda on %s without %s says what to do", (platform, file, words) => {
  const stderr = `error: ${file}: cannot open shared object file\n${file}: cannot open shared object file`;
  const reason = explainFailure("cuda", `${LOADING} "cuda": Failed to load shared library`, stderr, platform);
  expect(reason).toContain(`${file.replace("/x/", "")} cannot be found; `);
  expect(reason).toContain(words);
});

test("what is not understood is said as it is, on one line of bearable length", () => {
  expect(explainFailure("cuda", "CUDA failure 35:\n  driver too old", "", "linux-x64")).toBe(
    "CUDA failure 35: driver too old",
  );
  const long = explainFailure("webgpu", "no ".repeat(400), "", "win32-x64");
  expect(long).toHaveLength(161);
  expect(long).not.toContain("\n");
});

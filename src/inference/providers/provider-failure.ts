import type { ProviderName } from "../runtime.js";

const LONGEST_REASON = 160;

/**
 * One line for a person: the sentence in onnxruntime's message, the libraries that the loader missed, which only standard
 * error names, and what to do where that is known.
 */
export function explainFailure(
  name: ProviderName,
  message: string,
  stderr: string,
  platform: string,
): string {
  const text = message
    .replace(/^onnxruntime cannot load .*? on provider "\w+": /, "")
    .replace(/^OrtSessionOptionsAppendExecutionProvider_\w+: /, "")
    .replace(/\s+/g, " ")
    .replace(/^\/\S*onnxruntime_src\S* .*? was false\. /, "")
    // A failed CUDA call: two C++ signatures, what failed, and where in onnxruntime's source.
    .replace(/^.*(CUDA failure \d+: .*?) ?;.*$/, "$1")
    .trim();
  const sentence = text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON)}…` : text;
  const missed = [...`${message}\n${stderr}`.matchAll(/([\w.+-]+\.so[\w.]*): cannot open shared object/g)];
  const missing = [...new Set(missed.map(([, file]) => file))];
  const advice = remedy(name, `${message}\n${stderr}`, missing, platform);
  return [
    sentence,
    ...(missing.length > 0 ? [`${missing.join(", ")} cannot be found`] : []),
    ...(advice ? [advice] : []),
  ].join("; ");
}

function remedy(
  name: ProviderName,
  log: string,
  missing: readonly string[],
  platform: string,
): string | undefined {
  if (name === "cuda") return cudaRemedy(log, missing, platform);
  if (name !== "webgpu") return undefined;
  if (/fallback to CPU EP has been explicitly disabled/.test(log)) {
    return "allow_fallback: true (--allow-fallback) lets the cpu run those nodes";
  }
  if (missing.some((file) => file.startsWith("libvulkan"))) {
    return "where there is a GPU, install libvulkan1 and its Vulkan driver";
  }
  if (/No supported adapters/.test(log)) {
    return platform.startsWith("linux")
      ? "no GPU has a Vulkan driver here: install it (mesa-vulkan-drivers for AMD and Intel, NVIDIA's own otherwise), and see what vulkaninfo --summary lists"
      : "no GPU has a driver here that onnxruntime can use";
  }
  return undefined;
}

function cudaRemedy(log: string, missing: readonly string[], platform: string): string | undefined {
  if (platform !== "linux-x64") return `onnxruntime-node has cuda on linux-x64 only, and this is ${platform}`;
  if (missing.some((file) => file.startsWith("libonnxruntime_providers"))) {
    return "where there is an NVIDIA GPU, run npm run setup:cuda";
  }
  const isDriverMissing = missing.some((file) => file.startsWith("libcuda.so"));
  const others = missing.filter((file) => !file.startsWith("libcuda.so"));
  if (missing.length > 0) {
    return [
      ...(isDriverMissing
        ? ["libcuda.so.1 comes with NVIDIA's driver: install that, and nvidia-smi must list the GPU"]
        : []),
      ...(others.length > 0
        ? ["npm run setup:cuda -- --check says what brings the libraries of CUDA and cuDNN"]
        : []),
    ].join("; ");
  }
  if (/CUDA failure (35|100|803|804):/.test(log)) {
    return "nvidia-smi must list the GPU, with a driver new enough: npm run setup:cuda -- --check looks";
  }
  if (/fallback to CPU EP has been explicitly disabled/.test(log)) {
    return "allow_fallback: true (--allow-fallback) lets the cpu run those nodes";
  }
  return undefined;
}

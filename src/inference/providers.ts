import { execFile, fork } from "node:child_process";
import { cpus } from "node:os";
import { promisify } from "node:util";
import { type Runtime, runtimeSchema } from "./runtime.js";

export const PROVIDERS = runtimeSchema.shape.provider.unwrap().options;

/** Drivers have been seen to hang instead of failing. */
const PATIENCE_MS = 60_000;
const LONGEST_REASON = 160;

/** Whether an execution provider can run a policy's network here. */
export interface ProviderFinding {
  readonly name: Runtime["provider"];
  readonly usable: boolean;
  /** One line: why not, and what to do. */
  readonly reason: string | null;
  /** Null where neither onnxruntime nor the driver says. */
  readonly device: string | null;
}

/** Calls the network once on a provider, in a process of its own: a GPU driver that crashes must not end this one. */
export async function tryProvider(directory: string, name: Runtime["provider"]): Promise<ProviderFinding> {
  const { answer, stderr } = await probe(directory, name);
  if (answer === "ok") return { name, usable: true, reason: null, device: await deviceOf(name) };
  const reason = explainFailure(name, answer, stderr, `${process.platform}-${process.arch}`);
  return { name, usable: false, reason, device: null };
}

function probe(
  directory: string,
  name: Runtime["provider"],
): Promise<{ readonly answer: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    const child = fork(new URL("./provider-probe.js", import.meta.url), [directory, name], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let answer: string | undefined;
    let stderr = "";
    child.stderr?.on("data", (data) => {
      stderr += data;
    });
    const late = setTimeout(() => {
      answer ??= `it did not answer within ${PATIENCE_MS / 1000} s`;
      child.kill("SIGKILL");
    }, PATIENCE_MS);
    const settle = (otherwise: string) => {
      clearTimeout(late);
      resolve({ answer: answer ?? otherwise, stderr });
    };
    child.on("message", (message) => {
      answer ??= String(message);
    });
    child.on("error", (error) => settle(`no process could be started to try it: ${error.message}`));
    child.on("close", (code, signal) => settle(`it ended the process with ${signal ?? `code ${code}`}`));
  });
}

/**
 * One line for a person: the sentence in onnxruntime's message, the libraries that the loader missed, which only standard
 * error names, and what to do where that is known.
 */
export function explainFailure(
  name: Runtime["provider"],
  message: string,
  stderr: string,
  platform: string,
): string {
  const text = message
    .replace(/^onnxruntime cannot load .*? on provider "\w+": /, "")
    .replace(/\s+/g, " ")
    .replace(/^\/\S*onnxruntime_src\S* .*? was false\. /, "")
    .trim();
  const sentence = text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON)}…` : text;
  const missed = [...`${message}\n${stderr}`.matchAll(/([\w.+-]+\.so[\w.]*): cannot open shared object/g)];
  const missing = [...new Set(missed.map(([, file]) => file))];
  return [
    sentence,
    ...(missing.length > 0 ? [`${missing.join(", ")} cannot be found`] : []),
    ...(remedy(name, missing, platform) ?? []),
  ].join("; ");
}

function remedy(
  name: Runtime["provider"],
  missing: readonly string[],
  platform: string,
): [string] | undefined {
  if (name === "cuda" && platform !== "linux-x64") {
    return [`onnxruntime-node has cuda on linux-x64 only, and this is ${platform}`];
  }
  if (name === "webgpu" && platform === "linux-arm64") {
    return [`onnxruntime-node is built without webgpu for ${platform}`];
  }
  if (missing.some((file) => file.startsWith("libonnxruntime_providers"))) {
    return [
      "where there is an NVIDIA GPU, run ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js",
    ];
  }
  if (name === "cuda" && missing.length > 0) return ["install CUDA 12 and cuDNN 9"];
  if (missing.some((file) => file.startsWith("libvulkan"))) {
    return ["where there is a GPU, install libvulkan1 and its Vulkan driver"];
  }
  return undefined;
}

async function deviceOf(name: Runtime["provider"]): Promise<string | null> {
  if (name === "cpu") return cpus()[0]?.model.trim() || null;
  if (name === "webgpu") return null;
  try {
    const query = ["--query-gpu=name", "--format=csv,noheader"];
    const { stdout } = await promisify(execFile)("nvidia-smi", query, { timeout: 10_000 });
    return stdout.split("\n")[0].trim() || null;
  } catch {
    return null;
  }
}

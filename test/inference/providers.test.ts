import { mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { randomUnet } from "../../src/bench/gpu/random-unet.js";
import { InferenceHost } from "../../src/inference/host.js";
import { compareProviders } from "../../src/inference/providers/choose-provider.js";
import { libraryVersions } from "../../src/inference/providers/cuda-libraries.js";
import { chosenAdapter, vulkanDevices } from "../../src/inference/providers/devices.js";
import { runProbe } from "../../src/inference/providers/probe-process.js";
import { explainFailure } from "../../src/inference/providers/provider-failure.js";
import {
  describePlacement,
  type ProviderFinding,
  requireProvider,
  tryProvider,
} from "../../src/inference/providers/try-provider.js";
import { PROVIDERS, type Runtime } from "../../src/inference/runtime.js";
import { resolveSolver } from "../../src/inference/settings.js";
import { writeModel } from "../../src/onnx/model.js";
import { type Bundle, loadBundle } from "../../src/policy/bundle.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { LocalResolver } from "../../src/replay/resolver.js";
import { optimizedTinyBundle } from "../optimize/tiny-bundle.js";
import { SHIPPED } from "../policy/bundles.js";

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
  ["linux-x64", "/x/libonnxruntime_providers_shared.so", "npm run setup:cuda"],
  ["linux-x64", "libcudnn.so.9", "npm run setup:cuda -- --check"],
  ["darwin-arm64", "libcudnn.so.9", "linux-x64 only, and this is darwin-arm64"],
])("cuda on %s without %s says what to do", (platform, file, words) => {
  const stderr = `error: ${file}: cannot open shared object file\n${file}: cannot open shared object file`;
  const reason = explainFailure("cuda", `${LOADING} "cuda": Failed to load shared library`, stderr, platform);
  expect(reason).toContain(`${file.replace("/x/", "")} cannot be found; `);
  expect(reason).toContain(words);
});

test("what is not understood is said as it is, on one line of bearable length", () => {
  expect(explainFailure("webgpu", "Device lost:\n  oh dear", "", "linux-x64")).toBe("Device lost: oh dear");
  const long = explainFailure("webgpu", "no ".repeat(400), "", "win32-x64");
  expect(long).toHaveLength(161);
  expect(long).not.toContain("\n");
});

test("all that is missing of CUDA is named, and the driver apart from the rest", () => {
  const stderr = ["libcublasLt.so.13", "libcuda.so.1"]
    .map((file) => `${file}: cannot open shared object file`)
    .join("\n");
  const reason = explainFailure("cuda", `${LOADING} "cuda": Failed to load`, stderr, "linux-x64");
  expect(reason).toContain(
    "libcublasLt.so.13, libcuda.so.1 cannot be found; libcuda.so.1 comes with NVIDIA's driver",
  );
  expect(reason).toContain("npm run setup:cuda -- --check");
});

test("of a failed CUDA call the C++ signatures are left out", () => {
  const message =
    "/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:154 std::conditional_t<THRW, void, Status> " +
    "onnxruntime::CudaCall(ERRTYPE, const char*) [with ERRTYPE = cudaError] CUDA failure 100: no CUDA-capable device " +
    "is detected ; GPU=-1 ; hostname=robot ; file=cuda_execution_provider.cc ; line=352 ; expr=cudaSetDevice(0); \n";
  expect(explainFailure("cuda", message, "", "linux-x64")).toMatch(
    /^CUDA failure 100: no CUDA-capable device is detected; nvidia-smi must list the GPU/,
  );
});

const runtime = (provider: string): Runtime => ({ provider: provider as "cpu", threads: 1, spin: false });
const probe = (name: string) => ({ probe: new URL(`./probes/${name}.js`, import.meta.url) });

describe("a provider is tried in a process of its own", () => {
  afterEach(() => vi.unstubAllEnvs());

  test("the cpu answers the known network rightly", async () => {
    expect(await tryProvider(runtime("cpu"))).toMatchObject({ name: "cpu", usable: true, reason: null });
  });

  test("where fallback is allowed, the nodes are counted by who runs them", async () => {
    const policy = await loadBundle(SHIPPED);
    const { usable, placement } = await tryProvider({ ...runtime("cpu"), allow_fallback: true }, { policy });
    expect(usable).toBe(true);
    expect(placement).toEqual({ cpu: expect.any(Number) });
    expect(placement?.cpu).toBeGreaterThan(100);
  });

  test("the nodes of the observation graph are counted too", async () => {
    const policy = await loadBundle(await optimizedTinyBundle());
    const alone = policy.optimized.map(({ observation: _, ...graph }) => graph);
    const nodes = async (optimized: Bundle["optimized"]) => {
      const asked = { ...runtime("cpu"), allow_fallback: true };
      return (await tryProvider(asked, { policy: { ...policy, optimized } })).placement?.cpu ?? 0;
    };
    expect(await nodes(policy.optimized)).toBeGreaterThan(await nodes(alone));
  });

  test("wrong numbers are told with how wrong they are", async () => {
    const { usable, reason } = await tryProvider(runtime("webgpu"), probe("wrong"));
    expect(usable).toBe(false);
    expect(reason).toBe("its numbers are wrong: a small known network is answered up to 50 % off");
  });

  test("so are those of a policy's network beside the cpu's", async () => {
    const bundle = await loadBundle(SHIPPED);
    const sizes = { horizon: 16, action: 2, observation: 40, levels: 100, channels: [8, 16], kernel: 5 };
    const other = { file: "other.onnx", sha256: "", bytes: writeModel(randomUnet(sizes, 0)) };
    const optimized = [{ ...other, fromRows: 1, for: "cpu", precision: "float32" } as const];
    const { usable, reason } = await tryProvider(runtime("cpu"), { policy: { ...bundle, optimized } });
    expect(usable).toBe(false);
    expect(reason).toMatch(
      /^its numbers are wrong: the policy's network is answered up to [\d.e+]+ % off from the cpu's$/,
    );
  });

  test("a driver that hangs is killed", async () => {
    const request = { runtime: runtime("webgpu") };
    const { ending, stderr } = await runProbe(request, { ...probe("hanging"), patienceMs: 8000 });
    expect(ending).toBe("it did not answer within 8 s");
    const pid = Number(stderr.match(/pid (\d+)/)?.[1]);
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  test.each([
    ["crashing", "it ended the process with SIGSEGV"],
    ["silent", "it ended without an answer"],
  ])("a driver that is %s is told as that", async (name, words) => {
    expect((await tryProvider(runtime("webgpu"), probe(name))).reason).toBe(words);
  });

  test("without an adapter webgpu cannot be used", async () => {
    vi.stubEnv("VK_DRIVER_FILES", "/nowhere.json");
    vi.stubEnv("VK_ICD_FILENAMES", "/nowhere.json");
    const { usable, reason } = await tryProvider(runtime("webgpu"));
    if (process.platform !== "linux") return;
    expect(usable).toBe(false);
    expect(reason).toMatch(/adapter|built without webgpu/);
  });

  test("a provider that onnxruntime-node lacks is refused, not dropped", async () => {
    await expect(requireProvider(runtime("npu"))).rejects.toThrow(
      /^the provider "npu" cannot be used here: onnxruntime-node is built without npu for .*: it has cpu/,
    );
  });

  test("neither host nor replay goes on with a provider that cannot be used, and they say what to do", async () => {
    const bundle = await loadBundle(SHIPPED);
    vi.stubEnv("LD_LIBRARY_PATH", "");
    if ((await tryProvider(runtime("cuda"))).usable) return;
    const error = await InferenceHost.start(bundle, { runtime: runtime("cuda") }).catch((reason) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(/^the provider "cuda" cannot be used here: .*; .*parapilot doctor lists/s);
    const replayed = LocalResolver.open(bundle, resolveSolver({}, false), runtime("cuda"));
    await expect(replayed).rejects.toThrow('the provider "cuda" cannot be used here');
  });
});

const finding = (name: Runtime["provider"], changes: Partial<ProviderFinding>): ProviderFinding => ({
  name,
  usable: true,
  reason: null,
  device: { name: null, note: null, software: null, versions: {} },
  placement: null,
  costs: null,
  unmeasured: null,
  ...changes,
});
const costs = (expectedMs: number) => ({ curve: [{ batch: 1, ms: 1 }], expectedMs });

describe("auto", () => {
  test("takes the least time of a solve, not the first, and says why not the others", () => {
    const { provider, note } = compareProviders([
      finding("cpu", { costs: costs(120) }),
      finding("webgpu", { unmeasured: "a call of one row alone takes 450 ms" }),
      finding("cuda", { costs: costs(9.04) }),
    ]);
    expect(provider).toBe("cuda");
    expect(note).toBe(
      "cuda, about 9.0 ms a solve; cpu would take about 120 ms; " +
        "webgpu is too slow: a call of one row alone takes 450 ms",
    );
  });

  test("fails when nothing was measured, with every reason", () => {
    const none = [
      finding("cpu", { unmeasured: "the disk is full" }),
      finding("cuda", { usable: false, reason: "no GPU" }),
    ];
    expect(() => compareProviders(none)).toThrow(
      "no provider can run this policy: cpu: is too slow: the disk is full; cuda: cannot be used: no GPU",
    );
  });
});

test("a placement is told with the most first", () => {
  expect(describePlacement({ cpu: 1, webgpu: 805 })).toBe("805 nodes on webgpu, 1 on cpu");
  expect(describePlacement({})).toBe("onnxruntime does not say which nodes run where");
});

const SUMMARY = `Devices:
========
GPU0:
\tapiVersion         = 1.3.230
\tdeviceType         = PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU
\tdeviceName         = Intel(R) Graphics
\tdriverName         = Intel open-source Mesa driver
\tdriverInfo         = Mesa 22.3.6
GPU1:
\tdeviceType         = PHYSICAL_DEVICE_TYPE_CPU
\tdeviceName         = llvmpipe (LLVM 15.0.6, 256 bits)
\tdriverName         = llvmpipe
`;

test("the adapter is the one that vulkaninfo lists beside llvmpipe", () => {
  expect(chosenAdapter(vulkanDevices(SUMMARY))).toEqual({
    name: "Intel(R) Graphics",
    note: null,
    software: false,
    versions: { driver: "Intel open-source Mesa driver Mesa 22.3.6" },
  });
});

test("of several adapters none is claimed", () => {
  const two = vulkanDevices(SUMMARY.replace("llvmpipe (LLVM", "SwiftShader (LLVM"));
  const { name, note, software } = chosenAdapter(two);
  expect([name, software]).toEqual([null, null]);
  expect(note).toMatch(/^one of Intel\(R\) Graphics, SwiftShader/);
});

test.skipIf(process.platform !== "linux")(
  "versions of CUDA are read off the files that the loader finds",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "parapilot-cuda-"));
    await writeFile(join(folder, "libcudnn.so.9.12.0"), "");
    await symlink("libcudnn.so.9.12.0", join(folder, "libcudnn.so.9"));
    vi.stubEnv("LD_LIBRARY_PATH", folder);
    expect(await libraryVersions()).toMatchObject({ cudnn: "9.12.0" });
    vi.unstubAllEnvs();
  },
);

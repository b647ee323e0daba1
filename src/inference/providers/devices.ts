import { cpus } from "node:os";
import type { ProviderName } from "../runtime.js";
import { commandOutput } from "./command-output.js";
import { libraryVersions } from "./cuda-libraries.js";

/** What a provider computes on. */
export interface Device {
  /** Null where nothing here says. */
  readonly name: string | null;
  /** Why the name is not known, or what is to be known about it. */
  readonly note: string | null;
  /** Whether it is a processor that plays GPU; null where nothing says. */
  readonly software: boolean | null;
  /** Versions of what drives it, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

const UNKNOWN: Device = { name: null, note: null, software: null, versions: {} };

export async function deviceOf(provider: ProviderName, usable: boolean): Promise<Device> {
  if (provider === "cpu") return { ...UNKNOWN, name: cpus()[0]?.model.trim() || null };
  if (provider === "cuda") {
    const gpu = await nvidiaDevice();
    if (!gpu) return { ...UNKNOWN, note: "nvidia-smi lists no GPU" };
    return { ...gpu, versions: { ...gpu.versions, ...(await libraryVersions()) } };
  }
  return usable ? vulkanDevice() : UNKNOWN;
}

/** The GPU that CUDA takes, the first; undefined without NVIDIA's driver. */
export async function nvidiaDevice(): Promise<Device | undefined> {
  const query = ["--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader"];
  const [listed, overview] = [
    await commandOutput("nvidia-smi", query),
    await commandOutput("nvidia-smi", []),
  ];
  const [name, driver, capability] = (listed?.split("\n")[0] ?? "").split(",").map((text) => text.trim());
  if (!name || !driver) return undefined;
  const cuda = overview?.match(/CUDA(?: UMD)? Version: *([\d.]+)/)?.[1];
  return {
    name,
    note: null,
    software: false,
    versions: { driver, ...(cuda ? { cuda } : {}), ...(capability ? { capability } : {}) },
  };
}

interface VulkanDevice {
  readonly name: string;
  readonly type: string;
  readonly driver: string;
}

/** onnxruntime does not say which adapter it took; vulkaninfo says which there are. */
async function vulkanDevice(): Promise<Device> {
  if (process.platform !== "linux") {
    return { ...UNKNOWN, note: "onnxruntime does not say which adapter it uses" };
  }
  const summary = await commandOutput("vulkaninfo", ["--summary"]);
  if (summary === undefined) {
    return { ...UNKNOWN, note: "install vulkan-tools: vulkaninfo would say which adapters there are" };
  }
  return chosenAdapter(vulkanDevices(summary));
}

/** The devices in what `vulkaninfo --summary` prints. */
export function vulkanDevices(summary: string): VulkanDevice[] {
  return summary
    .split(/^GPU\d+:$/m)
    .slice(1)
    .map((section) => {
      const field = (name: string) =>
        section.match(new RegExp(`^\\s*${name}\\s*= (.*)$`, "m"))?.[1].trim() ?? "";
      return {
        name: field("deviceName"),
        type: field("deviceType").replace("PHYSICAL_DEVICE_TYPE_", ""),
        driver: `${field("driverName")} ${field("driverInfo")}`.trim(),
      };
    });
}

/** The one that onnxruntime can have taken, if only one can: it refuses Mesa's llvmpipe. */
export function chosenAdapter(devices: readonly VulkanDevice[]): Device {
  const possible = devices.filter(({ name }) => !name.startsWith("llvmpipe"));
  const isSoftware = ({ type }: VulkanDevice) => type === "CPU";
  if (possible.length === 0) return { ...UNKNOWN, note: "vulkaninfo lists no adapter that it can be" };
  if (possible.length > 1) {
    const kinds = new Set(possible.map(isSoftware));
    return {
      ...UNKNOWN,
      note: `one of ${possible.map(({ name }) => name).join(", ")}; onnxruntime does not say which`,
      software: kinds.size === 1 ? isSoftware(possible[0]) : null,
    };
  }
  const [only] = possible;
  return {
    name: only.name,
    note: isSoftware(only) ? "a software adapter: the cpu plays GPU, slowly" : null,
    software: isSoftware(only),
    versions: only.driver ? { driver: only.driver } : {},
  };
}

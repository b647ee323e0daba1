import { existsSync } from "node:fs";

/** The Vulkan driver that plays GPU on the CPU and that onnxruntime accepts, which Debian's Chromium brings. */
const SWIFTSHADER = [
  "/usr/lib/chromium/vk_swiftshader_icd.json",
  "/usr/lib/chromium-browser/vk_swiftshader_icd.json",
];

const { PARAPILOT_VK_ICD, VK_DRIVER_FILES } = process.env;
const driver = [PARAPILOT_VK_ICD, VK_DRIVER_FILES, ...SWIFTSHADER].find((file) => file && existsSync(file));

/** The environment in which there is an adapter for WebGPU; undefined where there is none. */
export const adapterEnvironment: NodeJS.ProcessEnv | undefined =
  process.platform === "linux" && process.arch === "x64" && driver
    ? { ...process.env, VK_DRIVER_FILES: driver }
    : undefined;

export const titled = (what: string): string =>
  adapterEnvironment
    ? what
    : `${what} (skipped: no Vulkan driver that WebGPU accepts; on Debian, apt install chromium libvulkan1, or name one in PARAPILOT_VK_ICD)`;

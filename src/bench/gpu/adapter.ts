import { existsSync, readdirSync } from "node:fs";
import type { Runtime } from "../../inference/runtime.js";

const SOFTWARE = /swiftshader|lavapipe|llvmpipe|lvp_icd/i;
/** No GPU of the last ten years multiplies float32 matrices more slowly. */
const SLOWEST_GPU_GFLOP_PER_S = 100;

/** Why times on this provider say nothing about a GPU, as far as that shows; null where they do. */
export function whyNoMeasurement(
  provider: Runtime["provider"],
  matrixRate: number | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | null {
  if (provider === "cpu") return "the cpu provider: not a measurement of a GPU";
  if (provider === "cuda") return null;
  const driver = [env.VK_DRIVER_FILES, env.VK_ICD_FILENAMES].find((files) => files && SOFTWARE.test(files));
  if (driver) return `software adapter (${driver}): not a measurement`;
  if (process.platform === "linux" && !hasDevice()) {
    return "software adapter (no GPU device in /dev): not a measurement";
  }
  return matrixRate !== undefined && matrixRate < SLOWEST_GPU_GFLOP_PER_S
    ? `software adapter (${matrixRate.toFixed(1)} GFLOP/s is slower than any GPU): not a measurement`
    : null;
}

function hasDevice(): boolean {
  const renderers = existsSync("/dev/dri") ? readdirSync("/dev/dri") : [];
  return (
    ["/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/kfd"].some((file) => existsSync(file)) ||
    renderers.length > 0
  );
}

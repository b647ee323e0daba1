import { existsSync, readdirSync } from "node:fs";
import type { Device } from "../../inference/providers/devices.js";
import type { Runtime } from "../../inference/runtime.js";

/** No GPU of the last ten years multiplies float32 matrices more slowly. */
const SLOWEST_GPU_GFLOP_PER_S = 100;

/** Why times on this provider say nothing about a GPU, as far as that shows; null where they do. */
export function whyNoMeasurement(
  provider: Runtime["provider"],
  { name, software }: Pick<Device, "name" | "software">,
  matrixRate: number | undefined,
): string | null {
  if (provider === "cpu") return "the cpu provider: not a measurement of a GPU";
  if (provider === "cuda") return null;
  if (software) return `software adapter (${name}): not a measurement`;
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

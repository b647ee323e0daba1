import type { GpuRow } from "../../../bench/gpu/result.js";

export function nameOf({ name, start, stride }: GpuRow): string {
  return stride === null ? `${name}, ${start}` : `${name}, ${start} after ${stride}`;
}

export function maybe(value: number | null, unit = ""): string {
  return value === null ? "–" : `${short(value)}${unit}`;
}

/** Three digits. */
export function short(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 6));
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

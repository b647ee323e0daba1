import type { GpuBench } from "../../../bench/gpu/result.js";
import { describeRuntime } from "../../../inference/runtime.js";
import { short } from "./figures.js";
import { glanceText } from "./glance-text.js";
import { networkText } from "./network-text.js";

/** Runs as tables for a terminal: each in detail, and last, where a reader's eye is, all of them side by side. */
export function gpuText(runs: readonly GpuBench[]): string {
  return `${[...runs.map(runText), glanceText(runs)].join("\n\n\n")}\n`;
}

function runText(bench: GpuBench): string {
  const { provider, device, onnxruntime, threads, rates, not_a_measurement, unfinished, networks } = bench;
  const runtime = describeRuntime({ provider, threads, spin: true }).split(", ").slice(0, 2).join(", ");
  const lines = [`${runtime}, ${device ?? "device not named"}, onnxruntime ${onnxruntime}`];
  if (not_a_measurement) lines.push(`! ${not_a_measurement}`);
  if (unfinished) lines.push(`! cut short during ${unfinished}: what follows is what there was by then`);
  if (rates) {
    const { gb_per_s, gflop_per_s, launch_ms, unknown } = rates;
    const matrix = Object.entries(gflop_per_s).map(
      ([name, rate]) => `${name} matrices ${short(rate)} GFLOP/s`,
    );
    const parts = [
      gb_per_s === null ? "" : `memory ${short(gb_per_s)} GB/s`,
      ...matrix,
      launch_ms === null ? "" : `one small operator more ${short(1e3 * launch_ms)} µs`,
    ];
    lines.push(`at most, through onnxruntime: ${parts.filter((part) => part !== "").join(", ")}`);
    lines.push(...unknown.map((what) => `! not known: ${what}`));
  }
  return [lines.join("\n"), ...networks.map(networkText)].join("\n\n");
}

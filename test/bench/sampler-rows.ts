import type { SamplerRow } from "../../src/bench/sampler-row.js";

/** A row of the samplers' benchmark, with something changed. */
export function samplerRow(changes: Partial<SamplerRow> = {}): SamplerRow {
  return {
    name: "ParaDDPM",
    rule: "ddpm",
    steps: 100,
    solver: "picard",
    flags: "--solver picard",
    start: "cold",
    stride: 8,
    states: 4,
    sweeps_to_tolerance: { mean: 23, p90: 25 },
    within_tolerance: 1,
    sweeps_accepted: { mean: 25.5, p90: 27 },
    evals_mean: 400,
    error_p50: 0.0001,
    error_p99: 0.0007,
    ms_p50: 200,
    sequential_ms_p50: 160,
    unconverged: 0,
    calls: { 20: 20 },
    curve: { evaluations: [20, 40], error_p50: [0.5, 0.1], error_p90: [0.7, 0.2] },
    verdicts: [],
    ...changes,
  };
}

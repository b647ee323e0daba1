import type { SolverSettings } from "../inference/settings.js";
import type { Bundle } from "../policy/bundle.js";
import { type SolverStatistics, solverStatisticsSchema } from "../policy/solver-statistics.js";
import { toleranceOf } from "../sampling/solvers/semilinear.js";
import type { Contender } from "./contenders.js";
import type { SamplerRow } from "./sampler-row.js";

/**
 * What a planner may choose from: every solver that follows a path and that numbers and words describe. Sequential
 * sampling needs no recording, and what is exact in law only has no error to choose by.
 */
export function recordedStatistics(
  { manifest, calibration }: Pick<Bundle, "manifest" | "calibration">,
  rows: readonly SamplerRow[],
  contenders: readonly Contender[],
  command: string,
): SolverStatistics {
  const responseOf = ({ slope }: SolverSettings) =>
    slope === "calibrated" ? calibration?.response : undefined;
  const recorded = rows.flatMap((row): SolverStatistics["rows"] => {
    const settings = contenders.find(({ name }) => name === row.name)?.settings;
    if (!settings || settings.name === "sequential" || row.error_p99 === null) return [];
    if (settings.pipelined === false) return [];
    const { slope, window, memory, tolerance } = settings;
    // Spelt out, so that a default that changes later does not belie the figures.
    const stop =
      tolerance ?? (settings.name === "semilinear" ? toleranceOf(responseOf(settings)) : undefined);
    const options = Object.entries({ slope, window, memory, tolerance: stop }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    return [
      {
        rule: row.rule,
        steps: row.steps,
        solver: settings.name,
        options: Object.fromEntries(options),
        start: row.start,
        ...(row.start === "warm" ? { stride: row.stride } : {}),
        states: row.states,
        calls: row.calls,
        error_p99: row.error_p99,
      },
    ];
  });
  return solverStatisticsSchema.parse({
    format: "parapilot-statistics/1",
    denoiser: manifest.denoiser.sha256,
    command,
    rows: recorded,
  });
}

import { type Contender, contender } from "./contenders.js";

/** Windows that ParaDiGMS leaves open; the last one is a whole chain of 100 steps. */
export const WINDOWS = [10, 20, 50, 100];

/** The solvers that have a window, with each of them. A warm start changes nothing about the question. */
export function windowVariants(isCalibrated: boolean, windows: readonly number[]): Contender[] {
  return windows.flatMap((window) =>
    [
      contender(`ParaDDPM, window ${window}`, { name: "picard", window, tolerance: 0.1 }, isCalibrated),
      contender(`ParaTAA, window ${window}`, { name: "anderson", window, tolerance: 0.002 }, isCalibrated),
      contender(`speculative, window ${window}`, { name: "speculative", window }, isCalibrated),
    ].map((variant) => ({ ...variant, starts: ["cold"] as const })),
  );
}

/** From too loose to tighter than anybody needs, in the units of each solver. */
const TOLERANCES: Readonly<Record<string, readonly number[]>> = {
  semilinear: [0.4, 0.2, 0.1, 0.05, 0.025, 0.01],
  picard: [1, 0.3, 0.1, 0.03, 0.01],
  anderson: [0.05, 0.01, 0.002, 0.0005],
  parareal: [0.4, 0.2, 0.05, 0.01],
};

/** Each contender with several tolerances; one that has none is left out. */
export function toleranceVariants(
  contenders: readonly Contender[],
  isCalibrated: boolean,
  tolerances?: readonly number[],
): Contender[] {
  return contenders.flatMap(({ name, options, settings, scored }) => {
    const usual = TOLERANCES[settings.name];
    return (usual && (tolerances ?? usual) ? (tolerances ?? usual) : []).map((tolerance) =>
      contender(`${name}, tolerance ${tolerance}`, { ...options, tolerance }, isCalibrated, scored),
    );
  });
}

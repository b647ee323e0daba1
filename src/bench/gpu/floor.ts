import type { DeviceRates } from "./device-rates.js";
import type { CallCost } from "./graph-cost.js";

/** One sweep of a batch size against the least that the device could take for it. */
export interface SweepFloor extends CallCost {
  readonly measured_ms: number;
  /** Operations over the measured matrix rates. */
  readonly matrix_ms: number | null;
  /** Least bytes over the measured bandwidth. */
  readonly memory_ms: number | null;
  /** The larger of the two: no version of the network runs faster on this device. */
  readonly floor_ms: number | null;
  /** What moving every operator's inputs and outputs takes: the graph as it is written, without fusion. */
  readonly written_ms: number | null;
  /** Measured over floor. */
  readonly gap: number | null;
}

export function floorOf(cost: CallCost, measured: number, rates: DeviceRates): SweepFloor {
  const { gb_per_s: bandwidth, gflop_per_s: matrix } = rates;
  const formats = Object.entries(cost.flop);
  const isKnown = formats.every(([format]) => matrix[format] !== undefined);
  const matrix_ms = isKnown
    ? formats.reduce((sum, [format, flop]) => sum + flop / matrix[format] / 1e6, 0)
    : null;
  const memory_ms = bandwidth === null ? null : cost.least_bytes / bandwidth / 1e6;
  const floor_ms = matrix_ms === null || memory_ms === null ? null : Math.max(matrix_ms, memory_ms);
  return {
    ...cost,
    measured_ms: measured,
    matrix_ms,
    memory_ms,
    floor_ms,
    written_ms: bandwidth === null ? null : cost.written_bytes / bandwidth / 1e6,
    gap: floor_ms === null ? null : measured / floor_ms,
  };
}

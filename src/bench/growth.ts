import { mean } from "../telemetry/statistics.js";

/** How much more of something counts as growth: both bounds have to be passed. */
export interface GrowthRule {
  /** Part of the level before. */
  readonly share: number;
  /** In the quantity's own unit. */
  readonly least: number;
}

/** How a quantity went over a run, warm-up left out. */
export interface Growth {
  readonly name: string;
  readonly unit: string;
  /** Mean of the second quarter of the run: the first one is warm-up. */
  readonly level: number;
  /** Mean of the last quarter. */
  readonly last: number;
  readonly growth_percent: number;
  /** Slope of the straight line through the last three quarters, and its standard error. */
  readonly per_1000_ticks: number;
  readonly per_1000_ticks_error: number;
  /** Null for what is shown only. */
  readonly grows: boolean | null;
  /** When it would count as growth; empty for what is shown only. */
  readonly rule: string;
}

/** A quantity over the ticks of a run, which count up. */
export interface Series {
  readonly name: string;
  readonly unit: string;
  readonly ticks: readonly number[];
  readonly values: readonly number[];
}

/**
 * Of memory: it grows when the mean of the last quarter is above that of the second by more than both bounds, so that
 * neither noise around a small level nor a large level's breathing counts.
 *
 * @param rule left out for what is shown only.
 * @example
 * amountGrowth({ name: "heap", unit: "B", ticks, values }, { share: 0.05, least: 2e6 }).grows;
 */
export function amountGrowth(series: Series, rule?: GrowthRule): Growth {
  const { second, last } = quarters(series);
  const [level, end] = [mean(second), mean(last)];
  if (!rule) return growth(series, level, end, null, "");
  const { share, least } = rule;
  const grows = end - level > share * Math.abs(level) && end - level > least;
  const text = `the last quarter's mean is above the second's by more than ${100 * share} % and ${least} ${series.unit}`;
  return growth(series, level, end, grows, text);
}

/** Of things that are counted: they grow when the last quarter has more of them, on average, than the second ever had. */
export function countGrowth(series: Series): Growth {
  const { second, last } = quarters(series);
  const grows = mean(last) > Math.max(...second);
  const text = "the last quarter's mean is above the second's largest";
  return growth(series, mean(second), mean(last), grows, text);
}

function growth(series: Series, level: number, last: number, grows: boolean | null, rule: string): Growth {
  const { name, unit } = series;
  const { slope, error } = straightLine(series);
  return {
    name,
    unit,
    level: figure(level),
    last: figure(last),
    growth_percent: figure(level === 0 ? 0 : (100 * (last - level)) / Math.abs(level)),
    per_1000_ticks: figure(1000 * slope),
    per_1000_ticks_error: figure(1000 * error),
    grows,
    rule,
  };
}

/** @throws RangeError when there are too few samples to tell warm-up, level and growth apart. */
function quarters({ ticks, values }: Series): { second: number[]; last: number[] } {
  const end = ticks[ticks.length - 1];
  const within = (from: number, to: number) =>
    values.filter((_, k) => ticks[k] > from * end && ticks[k] <= to * end);
  const [second, last] = [within(0.25, 0.5), within(0.75, 1)];
  if (second.length === 0 || last.length === 0) {
    throw new RangeError(
      `${values.length} samples tell no growth; take at least one in every quarter of a run`,
    );
  }
  return { second, last };
}

/** Least squares over all but the first quarter; the error takes the deviations as independent. */
function straightLine({ ticks, values }: Series): { slope: number; error: number } {
  const end = ticks[ticks.length - 1];
  const measured = ticks.flatMap((tick, k) => (tick > end / 4 ? [[tick, values[k]] as const] : []));
  const [tick0, value0] = [mean(measured.map(([tick]) => tick)), mean(measured.map(([, value]) => value))];
  const spread = measured.reduce((sum, [tick]) => sum + (tick - tick0) ** 2, 0);
  if (measured.length < 3 || spread === 0) return { slope: 0, error: 0 };
  const slope = measured.reduce((sum, [tick, value]) => sum + (tick - tick0) * (value - value0), 0) / spread;
  const squares = measured.reduce(
    (sum, [tick, value]) => sum + (value - value0 - slope * (tick - tick0)) ** 2,
    0,
  );
  return { slope, error: Math.sqrt(squares / (measured.length - 2) / spread) };
}

function figure(value: number): number {
  return Number(value.toPrecision(6));
}

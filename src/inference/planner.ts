import { ConfigurationError, describeIssues } from "../policy/errors.js";
import { type BatchCurve, costOf } from "./batch-curve.js";
import { type SolverSettings, solverSettingsSchema } from "./settings.js";
import type { FigureRow, SolverFigures } from "./solver-figures.js";

/** Error that 99 of 100 chunks stay below unless another is wanted: 2.5 % of the action range [-1, 1]. */
const WANTED_ERROR = 0.05;

/** What stays as it is while solvers are compared: the chain, because another one has another law, and the loop. */
export interface Situation {
  readonly rule: string;
  readonly steps: number;
  /** Control steps executed between two solves. */
  readonly stride: number;
}

/** What `auto` came to. */
export interface Plan {
  /** The wanted settings with a solver in the place of `auto`. */
  readonly settings: SolverSettings;
  readonly expectedMs: number;
  /** One line for a person. */
  readonly explanation: string;
  readonly curve: BatchCurve;
}

/** One solver that may be chosen. */
export interface Candidate {
  readonly row: FigureRow;
  readonly label: string;
  /** Expected of one solve. */
  readonly ms: number;
  /** Of the first solve of an episode, where the others start warm. */
  readonly coldMs: number | undefined;
  readonly error: number;
}

/** The largest batch that any solver makes on this chain: a curve need not reach further. */
export function largestBatch(
  { rows }: SolverFigures,
  { rule, steps }: Pick<Situation, "rule" | "steps">,
): number {
  const alike = rows.filter((row) => row.rule === rule && row.steps === steps);
  return Math.max(1, ...alike.flatMap(({ calls }) => Object.keys(calls).map(Number)));
}

/** Mean time of one solve on a device with this curve, the solver's own arithmetic left out. */
export function expectedMs(curve: BatchCurve, row: Pick<FigureRow, "calls">): number {
  return Object.entries(row.calls).reduce(
    (sum, [batch, count]) => sum + count * costOf(curve, Number(batch)),
    0,
  );
}

/**
 * Chooses the solver, with its window and so its batch sizes, that is expected to take least time here among those that
 * are accurate enough. Sequential sampling is always among them. What counts is the ordinary solve: warm at this stride
 * unless the settings say cold; the first one of an episode is in the explanation, and must be accurate too.
 *
 * @param wanted settings under the name "auto"; their tolerance is the largest error_p99 that is accurate enough.
 * @throws ConfigurationError when the figures name a solver or an option that this version does not have.
 */
export function plan(
  curve: BatchCurve,
  wanted: SolverSettings,
  figures: SolverFigures,
  situation: Situation,
): Plan {
  const { eligible, refused, limit } = weigh(curve, wanted, figures, situation);
  const [best, ...others] = eligible;
  const inaccurate = refused.find(({ ms }) => ms < best.ms);
  const losers = others.filter(
    ({ row }, k) =>
      row.solver !== best.row.solver && others.findIndex((other) => other.row.solver === row.solver) === k,
  );
  const explanation = [
    `${describe(best, situation)}${losers.map(({ label, ms }) => `; ${label} would take ${time(ms)}`).join("")}`,
    ...(inaccurate ? [refusal(inaccurate, limit)] : []),
    figures.origin,
  ].join("; ");
  return { settings: settingsFor(wanted, best.row), expectedMs: best.ms, explanation, curve };
}

/** All that is known on this chain, fastest first: what is accurate enough, and what is not. */
export function weigh(
  curve: BatchCurve,
  wanted: SolverSettings,
  figures: SolverFigures,
  situation: Situation,
) {
  const limit = wanted.tolerance ?? WANTED_ERROR;
  const candidates = candidatesFor(curve, figures.rows, wanted.warm, situation);
  return {
    eligible: candidates.filter(({ error }) => error <= limit),
    refused: candidates.filter(({ error }) => error > limit),
    limit,
  };
}

/** Fastest first; of two equally fast ones the one with fewer calls. */
function candidatesFor(
  curve: BatchCurve,
  rows: readonly FigureRow[],
  warm: boolean,
  { rule, steps, stride }: Situation,
): Candidate[] {
  // Needs no measuring: it is what the others are measured against.
  const calls = { 1: steps };
  const sequential = {
    rule,
    steps,
    solver: "sequential",
    options: {},
    start: "cold" as const,
    calls,
    error_p99: 0,
  };
  const groups = new Map<string, FigureRow[]>([["sequential", [sequential]]]);
  for (const row of rows) {
    if (row.rule !== rule || row.steps !== steps || row.solver === "sequential") continue;
    const options = Object.entries(row.options).map(([name, value]) => `${name} ${value}`);
    const label = options.length > 0 ? `${row.solver} (${options.join(", ")})` : row.solver;
    groups.set(label, [...(groups.get(label) ?? []), row]);
  }
  return [...groups]
    .flatMap(([label, group]): Candidate[] => {
      const cold = group.find(({ start }) => start === "cold");
      const row = (warm && warmRow(group, stride)) || cold;
      if (!row) return [];
      const first = row.start === "warm" ? cold : undefined;
      return [
        {
          row,
          label,
          ms: expectedMs(curve, row),
          coldMs: first && expectedMs(curve, first),
          error: Math.max(row.error_p99, first?.error_p99 ?? 0),
        },
      ];
    })
    .sort((a, b) => a.ms - b.ms || callsOf(a.row) - callsOf(b.row));
}

/** Recorded at this stride or the next longer one: the more steps were executed, the less a warm start is worth. */
function warmRow(rows: readonly FigureRow[], stride: number): FigureRow | undefined {
  return rows
    .filter(({ start, stride: recorded = 0 }) => start === "warm" && recorded >= stride)
    .sort((a, b) => (a.stride ?? 0) - (b.stride ?? 0))[0];
}

export function settingsFor(wanted: SolverSettings, { solver, options }: FigureRow): SolverSettings {
  // Shape and stop are the row's alone: its figures hold for no others.
  const { slope: _slope, window: _window, tolerance: _tolerance, ...kept } = wanted;
  const document = { ...kept, ...options, name: solver };
  const result = solverSettingsSchema.safeParse(document);
  if (result.success) return result.data;
  throw new ConfigurationError(
    `statistics.json names a solver that this version does not have: ${describeIssues(result.error, document)}; ` +
      "measure again with this version, or delete the file",
  );
}

function describe({ row, label, ms, coldMs }: Candidate, { stride }: Situation): string {
  const calls = callsOf(row);
  const evaluations = Object.entries(row.calls).reduce(
    (sum, [batch, count]) => sum + Number(batch) * count,
    0,
  );
  const sweeps =
    row.solver === "sequential"
      ? `${calls} evaluations one by one`
      : `${calls.toFixed(1)} sweeps of ~${(evaluations / calls).toFixed(0)} evaluations`;
  const start = row.start === "warm" ? ` from a warm start, ${stride} executed` : "";
  const first = coldMs === undefined ? "" : ` (${time(coldMs)} cold)`;
  return `${label}: ${sweeps}${start}, about ${time(ms)}${first}`;
}

function refusal({ label, ms, error }: Candidate, limit: number): string {
  return `${label} would take ${time(ms)}, but its error of ${error} is above ${limit}`;
}

function callsOf({ calls }: FigureRow): number {
  return Object.values(calls).reduce((sum, count) => sum + count, 0);
}

function time(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

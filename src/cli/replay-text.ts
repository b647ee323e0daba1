import type { Comparison, Effort } from "../replay/compare.js";
import type { Rehearsal } from "../replay/rehearse.js";
import { table } from "./terminal.js";

/** Whether a recording came out the same, for a person. */
export function rehearsalText({ ticks, solves, assumed, differences, first }: Rehearsal): string {
  if (!first) {
    const failures = assumed > 0 ? ` (${assumed} failed solves were taken as recorded)` : "";
    return `bit-equal: ${ticks} actions from ${solves} solves${failures}\n`;
  }
  const { robot, episode, step, what } = first;
  return (
    `${differences} ${differences === 1 ? "difference" : "differences"} in ${ticks} actions and ${solves} solves\n` +
    `the first: robot ${robot}, episode ${episode}, step ${step}: ${what}\n`
  );
}

/** How another solver, budget or policy did on the recorded observations, for a person. */
export function comparisonText(
  { solves, compared, difference, recorded, again }: Comparison,
  recordedSolver: string,
  againSolver: string,
): string {
  const row = (name: string, effort: Effort, solver: string) => [
    name,
    `${effort.accepted} of ${solves}`,
    shown(effort.sweeps_mean, 2),
    shown(effort.evaluations_mean, 0),
    shown(effort.solve_ms_p50, 1),
    ` ${solver}`,
  ];
  const { p50, p99, max } = difference;
  const differ =
    p50 === null || p99 === null || max === null
      ? "no solve was accepted on both sides: there is nothing to compare"
      : `the executed actions of ${compared} chunks differ by p50 ${p50.toPrecision(2)}, p99 ${p99.toPrecision(2)}, max ${max.toPrecision(2)} of the range [-1, 1]`;
  return `${table([
    ["", "accepted", "sweeps", "evaluations", "solve ms", " solver"],
    row("recorded", recorded, recordedSolver),
    row("again", again, againSolver),
  ])}\n${differ}\n`;
}

function shown(value: number | null, digits: number): string {
  return value === null ? "–" : value.toFixed(digits);
}

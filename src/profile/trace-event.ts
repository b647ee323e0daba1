import { STAGES } from "./stage.js";

/**
 * One entry of a trace in Google's Trace Event Format: `X` a slice, `i` an instant, `C` a counter, `M` a name, `b` and `e` the
 * ends of an interval that belongs to no thread. `ts` and `dur` are microseconds.
 */
export interface TraceEvent {
  readonly ph: "X" | "i" | "C" | "M" | "b" | "e";
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly id?: string;
  readonly s?: "t" | "p";
  readonly args?: Readonly<Record<string, unknown>>;
}

/** A span of time with the spans inside it, in milliseconds. */
export interface Slice {
  readonly name: string;
  readonly at: number;
  readonly ms: number;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly children?: readonly Slice[];
}

export const PROCESS = 1;

/** Stages of the worker's thread alone: the queue and the delivery are between the threads. */
export const WORKER_STAGES = STAGES.filter(
  (stage) => stage === "normalise" || stage === "solve" || stage === "denormalise",
);

export function microseconds(ms: number): number {
  return Math.round(ms * 1000 * 1000) / 1000;
}

/**
 * One thread's slices as events that a viewer can nest: stages are measured by several clocks' readings, so that neighbours
 * may overlap by a rounding; each begins where the one before it ended at the earliest, and stays inside its parent.
 */
export function* nested(
  slices: readonly Slice[],
  tid: number,
  from = Number.NEGATIVE_INFINITY,
  to = Number.POSITIVE_INFINITY,
): Generator<TraceEvent> {
  let ended = from;
  for (const { name, at, ms, args, children } of [...slices].sort((a, b) => a.at - b.at)) {
    const begin = Math.min(to, Math.max(ended, microseconds(at)));
    const end = Math.min(to, Math.max(begin, microseconds(at + Math.max(0, ms))));
    // A viewer cannot tell where a slice without length belongs.
    if (end === begin) continue;
    ended = end;
    const dur = Math.round((end - begin) * 1000) / 1000;
    yield { ph: "X", name, pid: PROCESS, tid, ts: begin, dur, ...(args ? { args } : {}) };
    if (children) yield* nested(children, tid, begin, end);
  }
}

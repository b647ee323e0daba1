import type { Stamp } from "../stamp.js";

/** Of `diagnostic_msgs/DiagnosticStatus`. */
export const LEVEL = { ok: 0, warn: 1, error: 2, stale: 3 } as const;
export type Level = (typeof LEVEL)[keyof typeof LEVEL];

/** `diagnostic_msgs/msg/DiagnosticStatus`. */
export interface DiagnosticStatus {
  readonly level: Level;
  /** Node and part, e.g. `parapilot: loop`. */
  readonly name: string;
  readonly message: string;
  /** Name of the policy; empty before one is loaded. */
  readonly hardware_id: string;
  readonly values: readonly { readonly key: string; readonly value: string }[];
}

/** `diagnostic_msgs/msg/DiagnosticArray`. */
export interface DiagnosticArray {
  readonly header: { readonly stamp: Stamp; readonly frame_id: string };
  readonly status: readonly DiagnosticStatus[];
}

/** What is found of one part of the node. */
export interface Finding {
  readonly level: Level;
  /** In one sentence for a person, the worst first. */
  readonly message: string;
  /** With their units. */
  readonly values: readonly (readonly [key: string, value: string])[];
}

/** Something wrong, and how bad it is. */
export interface Complaint {
  readonly level: Level;
  readonly text: string;
}

/** The worst complaint's level and all of their words, worst first; what is fine, if there is none. */
export function judge(complaints: readonly Complaint[], fine: string): Pick<Finding, "level" | "message"> {
  if (complaints.length === 0) return { level: LEVEL.ok, message: fine };
  const worstFirst = [...complaints].sort((a, b) => b.level - a.level);
  return { level: worstFirst[0].level, message: worstFirst.map(({ text }) => text).join("; ") };
}

export function statusOf(name: string, hardwareId: string, finding: Finding): DiagnosticStatus {
  const { level, message, values } = finding;
  return {
    level,
    name,
    message,
    hardware_id: hardwareId,
    values: values.map(([key, value]) => ({ key, value })),
  };
}

/** "2.34 ms", "234 ms", "2.34 s": three digits; "–" of what is not there. */
export function duration(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return "–";
  return ms < 999.5 ? `${shown(ms)} ms` : `${shown(ms / 1000)} s`;
}

function shown(value: number): string {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

export function hertz(hz: number): string {
  return `${hz.toFixed(1)} Hz`;
}

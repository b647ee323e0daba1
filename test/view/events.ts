import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { type Manifest, manifestSchema } from "../../src/policy/manifest.js";
import type { LoopEvent, ObservationEvent, TickRecord } from "../../src/telemetry/loop-event.js";
import { monotonicMs } from "../../src/time/clock.js";

export function pushtManifest(): Manifest {
  return manifestSchema.parse(parse(readFileSync("policies/pusht/policy.yaml", "utf8")));
}

export function tickOf(step: number, more: Partial<TickRecord> = {}): TickRecord {
  const ahead = Float32Array.from({ length: 16 }, (_, k) => 100 + 10 * (step + (k >> 1)) + (k % 2));
  return {
    kind: "tick",
    at: monotonicMs(),
    robot: "arm",
    episode: 0,
    step,
    id: step,
    trigger: "solve",
    rung: "fresh",
    reason: "",
    missed: false,
    action: ahead.slice(0, 2),
    ahead,
    plan: {
      order: Math.floor(step / 4),
      id: step,
      stamp: 0,
      step,
      ageMs: 30,
      outcome: "accepted",
      start: "warm",
      residual: 0.01,
      sweeps: 3,
      evaluations: 300,
      solveMs: 25,
    },
    stages: { receive: 0.1, solve: 25, network: 20, sweeps: [9, 8, 8], plan: 0.1, publish: 0.1 },
    endToEndMs: 26,
    overheadMs: 0.25,
    ...more,
  };
}

export function observationOf(step: number, more: Partial<ObservationEvent> = {}): ObservationEvent {
  return {
    kind: "observation",
    at: monotonicMs(),
    robot: "arm",
    id: step,
    stamp: 0,
    statedAgeMs: 0,
    episode: 0,
    step,
    reply: "paced",
    receivedAt: monotonicMs(),
    ageMs: 2,
    values: Float64Array.from({ length: 20 }, (_, k) => 100 + 10 * k),
    ...more,
  };
}

export function solveOf(outcome: "accepted" | "stopped", residual = 0.01): LoopEvent {
  const timings = {
    queue: 0,
    normalise: 0,
    solve: 25,
    sweeps: [9, 8, 8],
    network: 20,
    denormalise: 0,
    deliver: 0,
  };
  const figures = { residual, sweeps: 3, evaluations: 300, timings };
  const result =
    outcome === "accepted"
      ? ({ ...figures, outcome, actions: new Float32Array(2), clipped: 0, start: "warm" } as const)
      : ({ ...figures, outcome, message: "asked to" } as const);
  return { kind: "solve", at: monotonicMs(), robot: "arm", order: 0, result };
}

export function refusalOf(reason: string, robot = "arm"): LoopEvent {
  return { kind: "refused", at: monotonicMs(), robot, id: null, reason, message: `it was ${reason}` };
}

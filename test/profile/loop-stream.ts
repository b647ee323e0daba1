import type { SolveTimings, TickResult } from "../../src/inference/tick.js";
import type {
  LoopEvent,
  ObservationEvent,
  OrderEvent,
  PlanFigures,
  SolveEvent,
  TickRecord,
} from "../../src/telemetry/loop-event.js";

const ROBOT = "arm";

export const plan = (change: Partial<PlanFigures> = {}): PlanFigures => ({
  order: 1,
  id: 0,
  stamp: 0,
  step: 0,
  ageMs: 20,
  outcome: "accepted",
  start: "warm",
  residual: 0.01,
  sweeps: 3,
  evaluations: 300,
  solveMs: 20,
  ...change,
});

/** A sound tick of a lock-step loop: 20 ms, of which 0.2 ms are overhead. */
export const tick = (change: Partial<TickRecord> = {}): TickRecord => ({
  kind: "tick",
  at: 20,
  robot: ROBOT,
  episode: 0,
  step: 0,
  id: 0,
  trigger: "solve",
  rung: "fresh",
  reason: "",
  missed: false,
  action: Float32Array.of(0.5, 0.5),
  ahead: Float32Array.of(0.5, 0.5, 0.6, 0.6),
  plan: plan(),
  stages: { receive: 0.05, history: 0.01, plan: 0.03, publish: 0.04 },
  endToEndMs: 20,
  overheadMs: 0.2,
  ...change,
});

export const observation = (change: Partial<ObservationEvent> = {}): ObservationEvent =>
  ({
    kind: "observation",
    at: 0,
    robot: ROBOT,
    id: 0,
    stamp: 0,
    episode: 0,
    step: 0,
    reply: "once",
    receivedAt: 0,
    ageMs: 0,
    values: new Float64Array(2),
    ...change,
  }) as ObservationEvent;

export const timings = (change: Partial<SolveTimings> = {}): SolveTimings => ({
  queue: 0.02,
  normalise: 0.01,
  solve: 18,
  sweeps: [8, 6, 4],
  network: 16,
  denormalise: 0.01,
  deliver: 0.03,
  ...change,
});

export const order = (change: Partial<OrderEvent> = {}): OrderEvent => ({
  kind: "order",
  at: 0,
  robot: ROBOT,
  order: 1,
  step: 0,
  isPredicted: false,
  request: { session: ROBOT, episode: 0, tick: 0, executed: null, observation: new Float64Array(4) },
  ...change,
});

export const solved = (change: Partial<SolveEvent> = {}, spent: Partial<SolveTimings> = {}): SolveEvent => ({
  kind: "solve",
  at: 19,
  robot: ROBOT,
  order: 1,
  result: {
    outcome: "accepted",
    actions: new Float32Array(16),
    clipped: 0,
    start: "warm",
    residual: 0.01,
    sweeps: 3,
    evaluations: 300,
    timings: timings(spent),
  },
  ...change,
});

export const failed = (
  outcome: "stopped" | "worker-failed",
  spent: Partial<SolveTimings> = {},
): TickResult => ({
  outcome,
  message: "no chunk",
  residual: 0.5,
  sweeps: 1,
  evaluations: 100,
  timings: timings(spent),
});

/** One step of a loop in lock-step, from the observation to the action, with a solve of its own. */
export function step(
  k: number,
  {
    solve = 18,
    period = 100,
    change = {},
  }: { solve?: number; period?: number; change?: Partial<TickRecord> } = {},
): LoopEvent[] {
  const begun = 1000 + k * period;
  const spent = timings({ solve });
  return [
    observation({ at: begun + 0.06, id: k, step: k }),
    order({ at: begun + 0.1, order: k + 1, step: k }),
    solved({ at: begun + 0.2 + solve, order: k + 1 }, spent),
    tick({
      at: begun + 0.3 + solve,
      id: k,
      step: k,
      plan: plan({ order: k + 1, id: k, step: k }),
      stages: { receive: 0.05, history: 0.01, ...spent, plan: 0.03, publish: 0.04 },
      endToEndMs: solve + 0.3,
      ...change,
    }),
  ];
}

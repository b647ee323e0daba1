import { z } from "zod";
import { solverSettingsSchema } from "../inference/settings.js";
import type { Candidate, TickResult } from "../inference/tick.js";
import {
  type AlarmEvent,
  type CandidateEvent,
  type EpisodeEvent,
  type HaltEvent,
  type LoopEvent,
  type ObservationEvent,
  type OrderEvent,
  type PeerEvent,
  type RefusalEvent,
  RUNGS,
  type SettingsEvent,
  type SolveEvent,
  type TickRecord,
  type WorkerEvent,
} from "../telemetry/loop-event.js";

/** Events are missing from the recording here: the disk did not keep up. */
export interface DropEvent {
  readonly kind: "dropped";
  /** Monotonic milliseconds of the last event that was dropped. */
  readonly at: number;
  readonly count: number;
}

/** What a recording holds, in the order in which it happened. */
export type RecordedEvent = LoopEvent | DropEvent;

// Any number, NaN and infinities included, which zod's own kind of number leaves out.
const real = z.custom<number>((value) => typeof value === "number", { error: "must be a number" });
const reals = z.array(real);
const float64s = reals.transform((values) => Float64Array.from(values));
const float32s = reals.transform((values) => Float32Array.from(values));
const count = z.int().nonnegative();
// Left out of the file when null: viewers know no field of two types.
const countOrNull = count.optional().transform((value) => value ?? null);

const happened = {
  at: real.describe("monotonic milliseconds; the log time is wall time"),
  robot: z.string(),
};
const start = z.enum(["cold", "warm"]);

const peer: z.ZodType<PeerEvent> = z.strictObject({ ...happened, kind: z.enum(["joined", "left"]) });

const episode: z.ZodType<EpisodeEvent> = z.strictObject({
  ...happened,
  kind: z.literal("episode"),
  episode: count,
});

const asked = {
  stamp: count.describe("microseconds of the robot's clock"),
  // Recordings of before it was told have none.
  statedAgeMs: real.default(0).describe("how old it was when it was sent, as the robot says"),
  episode: count,
  step: count,
  reply: z.enum(["none", "once", "paced"]),
  receivedAt: real.describe("when its bytes arrived, monotonic milliseconds"),
};

const observation: z.ZodType<ObservationEvent> = z.strictObject({
  ...happened,
  kind: z.literal("observation"),
  id: count,
  ...asked,
  ageMs: real.describe("age on arrival"),
  values: float64s.describe("[O] keys in the manifest's order"),
});

const order: z.ZodType<OrderEvent> = z.strictObject({
  ...happened,
  kind: z.literal("order"),
  order: count,
  step: count,
  isPredicted: z.boolean(),
  request: z.strictObject({
    session: z.string(),
    episode: count,
    tick: count,
    executed: countOrNull.describe("steps since the previous tick; left out: a cold start"),
    observation: float64s.describe("[To * O] raw, oldest first"),
    frozen: z.exactOptional(float64s).describe("[rows * D] physical actions that the chunk agrees with"),
    maxSweeps: z.exactOptional(count),
  }),
});

const timings = z.strictObject({
  queue: real,
  normalise: real,
  solve: real,
  sweeps: reals,
  network: real,
  denormalise: real,
  deliver: real,
});

// Flat, where the type is a union: viewers know no alternatives.
const result = z
  .strictObject({
    outcome: z.enum(["accepted", "stopped", "not-finite", "worker-failed"]),
    residual: real.describe("normalised action units"),
    sweeps: count,
    evaluations: count,
    timings: timings.describe("milliseconds"),
    actions: z.exactOptional(float32s).describe("[rows * D] physical; only when accepted"),
    clipped: z.exactOptional(count),
    start: z.exactOptional(start),
    message: z.exactOptional(z.string()).describe("why there is no accepted chunk"),
  })
  .transform(({ outcome, actions, clipped, start, message, ...figures }, context): TickResult => {
    if (outcome !== "accepted" && message !== undefined) return { ...figures, outcome, message };
    if (outcome === "accepted" && actions && clipped !== undefined && start) {
      return { ...figures, outcome, actions, clipped, start };
    }
    context.addIssue(`a solve that ended "${outcome}" lacks what belongs to it`);
    return z.NEVER;
  });

const solve: z.ZodType<SolveEvent> = z.strictObject({
  ...happened,
  kind: z.literal("solve"),
  order: count,
  result,
});

const alarm: z.ZodType<AlarmEvent> = z.strictObject({ ...happened, kind: z.literal("alarm"), due: real });

const candidate: z.ZodType<Candidate> = z.strictObject({
  actions: float32s.describe("[rows * D] physical"),
  clipped: count,
  start,
  residual: real.describe("normalised action units"),
  sweeps: count,
  evaluations: count,
});

const candidateEvent: z.ZodType<CandidateEvent> = z
  .strictObject({
    ...happened,
    kind: z.literal("candidate"),
    order: count,
    candidate: candidate.optional().describe("left out: no sweep was done"),
  })
  .transform(({ candidate, ...event }) => ({ ...event, candidate }));

const planFigures = z.strictObject({
  order: count,
  id: count,
  stamp: count,
  step: count,
  ageMs: real,
  outcome: z.enum(["accepted", "budget"]),
  start,
  residual: real,
  sweeps: count,
  evaluations: count,
  solveMs: real,
});

const stage = z.exactOptional(real);
const stages = z.strictObject({
  receive: stage,
  history: stage,
  queue: stage,
  normalise: stage,
  solve: stage,
  sweeps: z.exactOptional(reals),
  network: stage,
  denormalise: stage,
  deliver: stage,
  plan: real,
  publish: real,
});

const tick: z.ZodType<TickRecord> = z
  .strictObject({
    ...happened,
    kind: z.literal("tick"),
    episode: count,
    step: count,
    id: countOrNull,
    trigger: z.enum(["observation", "solve", "deadline", "clock"]),
    rung: z.enum(RUNGS),
    rungNumber: count.describe(`to plot: ${RUNGS.map((rung, k) => `${k} ${rung}`).join(", ")}`),
    reason: z.string(),
    missed: z.boolean(),
    action: float32s.describe("[D] physical"),
    ahead: float32s.describe("[rows * D] physical; row 0 is the action"),
    plan: z.exactOptional(planFigures),
    stages: stages.describe("milliseconds"),
    endToEndMs: real,
    overheadMs: real,
  })
  .transform(({ rungNumber, ...event }) => event);

const refusal: z.ZodType<RefusalEvent> = z.strictObject({
  ...happened,
  kind: z.literal("refused"),
  id: countOrNull,
  reason: z.string(),
  message: z.string(),
  observation: z.exactOptional(z.strictObject(asked)).describe("of one that counted, whatever its values"),
});

const worker: z.ZodType<WorkerEvent> = z.strictObject({
  kind: z.literal("worker"),
  at: happened.at,
  state: z.enum(["lost", "ready"]),
  message: z.string(),
});

const halt: z.ZodType<HaltEvent> = z.strictObject({
  ...happened,
  kind: z.literal("halt"),
  reason: z.string(),
});

const msOrOff = real.optional().transform((value) => value ?? null);

const settings: z.ZodType<SettingsEvent> = z.strictObject({
  kind: z.literal("settings"),
  at: happened.at,
  budgets: z
    .strictObject({ tick: real, solve: msOrOff, maxObservationAge: msOrOff, hold: msOrOff })
    .describe("milliseconds; left out: off"),
  // Viewers know no fields that may be of several types.
  solver: z
    .string()
    .describe("JSON, as in a launch file")
    .transform((text, context) => {
      try {
        return solverSettingsSchema.parse(JSON.parse(text));
      } catch (error) {
        context.addIssue(`the solver's settings cannot be read: ${(error as Error).message}`);
        return z.NEVER;
      }
    }),
});

const drop: z.ZodType<DropEvent> = z.strictObject({
  kind: z.literal("dropped"),
  at: happened.at,
  count,
});

/** The schema of a message, by the `kind` that it names; what it reads becomes the event again. */
export const MESSAGE_SCHEMAS: Readonly<Record<RecordedEvent["kind"], z.ZodType<RecordedEvent>>> = {
  joined: peer,
  left: peer,
  episode,
  observation,
  order,
  solve,
  alarm,
  candidate: candidateEvent,
  tick,
  refused: refusal,
  worker,
  halt,
  settings,
  dropped: drop,
};

import fc from "fast-check";
import { runtimeSchema } from "../../src/inference/runtime.js";
import { solverSettingsSchema } from "../../src/inference/settings.js";
import type { RecordingHeader } from "../../src/recording/mcap-header.js";
import type { RecordedEvent } from "../../src/recording/mcap-schema.js";
import { type LoopEvent, RUNGS } from "../../src/telemetry/loop-event.js";
import { jointManifest } from "../policy/manifests.js";

export const HEADER: RecordingHeader = {
  versions: { parapilot: "1.2.3", node: "v20" },
  bundle: {
    directory: "/policies/joint",
    network: "a".repeat(64),
    optimized: [],
    observation: null,
    calibration: null,
  },
  manifest: jointManifest(),
  solver: solverSettingsSchema.parse({ seed: 7 }),
  runtime: runtimeSchema.parse({ threads: 1 }),
  budgets: { solve: 40.5, hold: null },
  plan: { execute: 3, blend: "quintic" },
};

/** An observation of `width` values, to fill a recording with. */
export function observed(step: number, width = 20): LoopEvent {
  return {
    kind: "observation",
    at: 1000 + step,
    robot: "arm",
    id: step,
    stamp: 1000 * step,
    statedAgeMs: 0,
    episode: 0,
    step,
    reply: "paced",
    receivedAt: 1000 + step,
    ageMs: 0.25,
    values: Float64Array.from({ length: width }, (_, k) => Math.sin(step + k)),
  };
}

const whole = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<T>;

// Any bits that a float can have; of NaNs there is one.
const real = fc.double();
const positive = fc.double({ min: 1e-3, max: 1e6, noNaN: true });
const float64s = fc.float64Array({ maxLength: 6 });
const float32s = fc.float32Array({ maxLength: 6 });
const count = fc.maxSafeNat();
const text = fc.string({ unit: "grapheme" });
const countOrNull = fc.option(count, { nil: null });
const start = fc.constantFrom("cold" as const, "warm" as const);
const ASKED = {
  stamp: count,
  statedAgeMs: real,
  episode: count,
  step: count,
  reply: fc.constantFrom("none" as const, "once" as const, "paced" as const),
  receivedAt: real,
};
const happened = { at: real, robot: text };
const figures = { residual: real, sweeps: count, evaluations: count };
const timings = whole({
  queue: real,
  normalise: real,
  solve: real,
  sweeps: fc.array(real, { maxLength: 3 }),
  network: real,
  denormalise: real,
  deliver: real,
});

/** Any event of each kind. */
export const EVENTS: Readonly<Record<RecordedEvent["kind"], fc.Arbitrary<RecordedEvent>>> = {
  joined: whole({ ...happened, kind: fc.constant("joined") }),
  left: whole({ ...happened, kind: fc.constant("left") }),
  episode: whole({ ...happened, kind: fc.constant("episode"), episode: count }),
  observation: whole({
    ...happened,
    kind: fc.constant("observation"),
    id: count,
    ...ASKED,
    ageMs: real,
    values: float64s,
  }),
  order: whole({
    ...happened,
    kind: fc.constant("order"),
    order: count,
    step: count,
    isPredicted: fc.boolean(),
    request: fc.record(
      {
        session: text,
        episode: count,
        tick: count,
        executed: countOrNull,
        observation: float64s,
        frozen: float64s,
        maxSweeps: count,
      },
      { noNullPrototype: true, requiredKeys: ["session", "episode", "tick", "executed", "observation"] },
    ),
  }),
  solve: whole({
    ...happened,
    kind: fc.constant("solve"),
    order: count,
    result: fc.oneof(
      whole({
        ...figures,
        timings,
        outcome: fc.constant("accepted"),
        actions: float32s,
        clipped: count,
        start,
      }),
      whole({
        ...figures,
        timings,
        outcome: fc.constantFrom("stopped", "not-finite", "worker-failed"),
        message: text,
      }),
    ),
  }),
  alarm: whole({ ...happened, kind: fc.constant("alarm"), due: real }),
  candidate: whole({
    ...happened,
    kind: fc.constant("candidate"),
    order: count,
    candidate: fc.option(whole({ ...figures, actions: float32s, clipped: count, start }), {
      nil: undefined,
    }),
  }),
  tick: fc.record(
    {
      ...happened,
      kind: fc.constant("tick"),
      episode: count,
      step: count,
      id: countOrNull,
      trigger: fc.constantFrom("observation", "solve", "deadline", "clock"),
      rung: fc.constantFrom(...RUNGS),
      reason: text,
      missed: fc.boolean(),
      action: float32s,
      ahead: float32s,
      plan: whole({
        ...figures,
        order: count,
        id: count,
        stamp: count,
        step: count,
        ageMs: real,
        outcome: fc.constantFrom("accepted", "budget"),
        start,
        solveMs: real,
      }),
      stages: fc.record(
        {
          receive: real,
          history: real,
          queue: real,
          normalise: real,
          solve: real,
          sweeps: fc.array(real, { maxLength: 3 }),
          network: real,
          denormalise: real,
          deliver: real,
          plan: real,
          publish: real,
        },
        { noNullPrototype: true, requiredKeys: ["plan", "publish"] },
      ),
      endToEndMs: real,
      overheadMs: real,
    },
    {
      noNullPrototype: true,
      requiredKeys: [
        "at",
        "robot",
        "kind",
        "episode",
        "step",
        "id",
        "trigger",
        "rung",
        "reason",
        "missed",
        "action",
        "ahead",
        "stages",
        "endToEndMs",
        "overheadMs",
      ],
    },
  ),
  refused: fc.record(
    {
      ...happened,
      kind: fc.constant("refused"),
      id: countOrNull,
      reason: text,
      message: text,
      observation: whole(ASKED),
    },
    { noNullPrototype: true, requiredKeys: ["at", "robot", "kind", "id", "reason", "message"] },
  ),
  worker: whole({
    kind: fc.constant("worker"),
    at: real,
    state: fc.constantFrom("lost", "ready"),
    message: text,
  }),
  halt: whole({ ...happened, kind: fc.constant("halt"), reason: text }),
  settings: whole({
    kind: fc.constant("settings"),
    at: real,
    budgets: whole({
      tick: positive,
      solve: fc.option(positive, { nil: null }),
      maxObservationAge: fc.option(positive, { nil: null }),
      hold: fc.option(positive, { nil: null }),
    }),
    solver: fc
      .record({ tolerance: positive, seed: count })
      .map((options) => solverSettingsSchema.parse(options)),
  }),
  dropped: whole({ kind: fc.constant("dropped"), at: real, count }),
};

/** Any event that a loop may tell of, at a time that a clock can show. */
export const loopEvent: fc.Arbitrary<LoopEvent> = fc
  .tuple(
    fc.oneof(...Object.values(EVENTS)).filter((event): event is LoopEvent => event.kind !== "dropped"),
    fc.double({ min: 0, max: 1e9, noNaN: true }),
  )
  .map(([event, at]) => ({ ...event, at }));

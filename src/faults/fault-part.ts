import * as z from "zod";

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000 };
const LONGEST_MS = 3_600_000;
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|min)$/;

/** `20ms`, `1.5s`, `2min`, to milliseconds. */
const duration = z
  .string({ error: "a time is missing" })
  .regex(DURATION, { error: "a time is a number with its unit: ms, s or min" })
  .transform((text) => {
    const [, amount, unit] = DURATION.exec(text) as RegExpExecArray;
    return Number(amount) * UNIT_MS[unit];
  })
  .pipe(z.number().max(LONGEST_MS, { error: "a time is at most 60min" }));

const share = z
  .string({ error: "a share is missing" })
  .regex(/^(\d+\.?\d*|\.\d+)$/, { error: "a share is a number from 0 to 1" })
  .transform(Number)
  .pipe(z.number().max(1, { error: "a share is a number from 0 to 1" }));

const ordinal = z
  .string({ error: "which solve is missing: @1 is the first one" })
  .regex(/^[1-9]\d{0,14}$/, { error: "solves are counted from 1: @1 is the first one" })
  .transform(Number);

const nothing = z.undefined({ error: "there is one value too many" });

/** Each fault that can be named: what may follow `=` and `@`, and an example. */
export const FAULT_PARTS = {
  latency: { example: "latency=20ms", schema: z.object({ value: duration, at: nothing }) },
  jitter: { example: "jitter=10ms", schema: z.object({ value: duration, at: nothing }) },
  drop: { example: "drop=0.5", schema: z.object({ value: share, at: nothing }) },
  duplicate: { example: "duplicate=0.05", schema: z.object({ value: share, at: nothing }) },
  reorder: { example: "reorder=0.05", schema: z.object({ value: share, at: nothing }) },
  freeze: { example: "freeze=2s@10s", schema: z.object({ value: duration, at: duration }) },
  nan: { example: "nan=0.01", schema: z.object({ value: share, at: nothing }) },
  shape: { example: "shape=0.01", schema: z.object({ value: share, at: nothing }) },
  "worker-stall": {
    example: "worker-stall=3s@5",
    schema: z.object({ value: duration.optional(), at: ordinal }),
  },
  "worker-crash": { example: "worker-crash@9", schema: z.object({ value: nothing, at: ordinal }) },
  "worker-nan": { example: "worker-nan@4", schema: z.object({ value: nothing, at: ordinal }) },
  "worker-delay": { example: "worker-delay=20ms", schema: z.object({ value: duration, at: nothing }) },
  "worker-jitter": { example: "worker-jitter=5ms", schema: z.object({ value: duration, at: nothing }) },
} as const;

export type FaultName = keyof typeof FAULT_PARTS;

/** What follows the name of each fault, read. */
export type FaultParts = { readonly [N in FaultName]?: z.infer<(typeof FAULT_PARTS)[N]["schema"]> };

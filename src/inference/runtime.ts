import { availableParallelism } from "node:os";
import type { InferenceSession } from "onnxruntime-node";
import { z } from "zod";

/** Where and how the network runs. */
export const runtimeSchema = z.strictObject({
  provider: z.enum(["cpu", "webgpu", "cuda"]).default("cpu").describe("onnxruntime execution provider"),
  threads: z
    .number()
    .int()
    .min(1)
    .max(256)
    .default(() => Math.min(2, availableParallelism()))
    .describe("threads of one network call"),
  spin: z.boolean().default(true).describe("threads wait for the next call busily instead of asleep"),
});

export type Runtime = z.infer<typeof runtimeSchema>;

export function describeRuntime({ provider, threads, spin }: Runtime): string {
  return `${provider}, ${threads} ${threads === 1 ? "thread" : "threads"}, ${spin ? "spinning" : "not spinning"}`;
}

/** A provider that would leave nodes to the CPU fails to load instead: a silent fallback is a field accident. */
export function sessionOptions({ provider, threads, spin }: Runtime): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
    extra: {
      session: {
        intra_op: { allow_spinning: spin ? "1" : "0" },
        ...(provider === "cpu" ? {} : { disable_cpu_ep_fallback: "1" }),
      },
    },
  };
}

import { availableParallelism } from "node:os";
import type { InferenceSession } from "onnxruntime-node";
import { z } from "zod";

/** onnxruntime's execution providers that Parapilot runs on, in the order in which they are tried. */
export const PROVIDERS = ["cpu", "webgpu", "cuda"] as const;

const FALLBACK = "the CPU may run what the provider cannot; otherwise such a network is refused";

/** Where and how the network runs. */
export const runtimeSchema = z.strictObject({
  provider: z.enum(PROVIDERS).default("cpu").describe("onnxruntime execution provider"),
  threads: z
    .number()
    .int()
    .min(1)
    .max(256)
    .default(() => Math.min(2, availableParallelism()))
    .describe("threads of one network call"),
  spin: z.boolean().default(true).describe("threads wait for the next call busily instead of asleep"),
  allow_fallback: z.boolean().optional().describe(FALLBACK),
});

/** Where and how a network runs: the provider by its name. */
export type Runtime = z.infer<typeof runtimeSchema>;
/** Of an execution provider: "cpu", "webgpu" or "cuda". */
export type ProviderName = Runtime["provider"];

/** As it is asked for, before it is known which provider "auto" comes to. */
export const wantedRuntimeSchema = runtimeSchema.extend({
  provider: z
    .enum([...PROVIDERS, "auto"])
    .default("cpu")
    .describe("onnxruntime execution provider; auto measures those that work and takes the fastest"),
  // A ROS parameter always has a value.
  allow_fallback: runtimeSchema.shape.allow_fallback.unwrap().default(false).describe(FALLBACK),
});

/** A {@link Runtime} whose provider may still be "auto". */
export type WantedRuntime = Omit<Runtime, "provider"> & { readonly provider: ProviderName | "auto" };

export function describeRuntime({ provider, threads, spin, allow_fallback }: Runtime): string {
  const fallback = allow_fallback && provider !== "cpu" ? " with fallback to the cpu" : "";
  return `${provider}${fallback}, ${threads} ${threads === 1 ? "thread" : "threads"}, ${spin ? "spinning" : "not spinning"}`;
}

/** A provider that would leave nodes to the CPU fails to load unless that is allowed: done in silence it is a field accident. */
export function sessionOptions({
  provider,
  threads,
  spin,
  allow_fallback = false,
}: Runtime): InferenceSession.SessionOptions {
  const isAlone = provider === "cpu" || !allow_fallback;
  return {
    executionProviders: isAlone ? [provider] : [provider, "cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
    extra: {
      session: {
        intra_op: { allow_spinning: spin ? "1" : "0" },
        ...(isAlone && provider !== "cpu" ? { disable_cpu_ep_fallback: "1" } : {}),
      },
    },
  };
}

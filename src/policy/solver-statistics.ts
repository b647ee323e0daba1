import { z } from "zod";

/**
 * `statistics.json`, beside policy.yaml and optional: which network calls each solver makes on this policy. A benchmark
 * writes it, on any machine; with what a call costs here, a planner then picks the fastest solver for this one.
 *
 * It is a file of its own because a program writes it and a person writes policy.yaml. It names the network that it was
 * measured on, so that figures of a network that has been replaced are noticed and not used.
 */
export const solverStatisticsSchema = z.strictObject({
  format: z.literal("parapilot-statistics/1"),
  denoiser: z.string().describe("sha256 of the network that was measured"),
  command: z.string().min(1).describe("how to measure again"),
  rows: z
    .array(
      z.strictObject({
        rule: z.string().min(1),
        steps: z.number().int().positive().describe("of the rule's chain"),
        solver: z.string().min(1),
        options: z
          .record(z.string(), z.union([z.number(), z.string()]))
          .default({})
          .describe("the solver's other settings, as a launch file states them"),
        start: z.enum(["cold", "warm"]),
        stride: z.number().int().positive().optional().describe("warm: steps executed between two solves"),
        states: z.number().int().positive().describe("solves that were measured"),
        calls: z
          .record(z.string().regex(/^[1-9]\d*$/), z.number().positive())
          .describe("batch size: mean number of calls of this size in one solve"),
        error_p99: z.number().min(0).describe("of the executed actions, in normalised units"),
      }),
    )
    .superRefine((rows, context) => {
      rows.forEach(({ start, stride, calls }, k) => {
        if (start === "warm" && stride === undefined) {
          context.addIssue({ code: "custom", path: [k, "stride"], message: "is missing from a warm row" });
        }
        if (Object.keys(calls).length === 0) {
          context.addIssue({ code: "custom", path: [k, "calls"], message: "must name a batch size" });
        }
      });
    }),
});

export type SolverStatistics = z.infer<typeof solverStatisticsSchema>;
export type StatisticsRow = SolverStatistics["rows"][number];

/**
 * The `calls` of a row, from the batch sizes of every solve. Mean numbers of calls are all that the expected time on
 * another device depends on, whatever its cost per batch: expectation is linear, and the order of calls does not matter.
 *
 * @example
 * meanCalls([[100, 99, 98], [100, 99]]); // { 98: 0.5, 99: 1, 100: 1 }
 */
export function meanCalls(solves: readonly (readonly number[])[]): Record<string, number> {
  const calls: Record<string, number> = {};
  for (const batch of solves.flat()) calls[batch] = (calls[batch] ?? 0) + 1 / solves.length;
  return calls;
}

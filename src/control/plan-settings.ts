import { z } from "zod";
import { ConfigurationError } from "../policy/errors.js";
import type { Manifest } from "../policy/manifest.js";

const MOST_COMMANDS = 1000;

/** How chunks become a plan, under `plan` in a launch file. */
export const planSettingsSchema = z.strictObject({
  execute: z.int().min(1).optional().describe("steps executed of each chunk (the policy's n_action_steps)"),
  overlap: z
    .enum(["none", "freeze", "predict"])
    .default("none")
    .describe(
      "none: a chunk is solved when the one before is used up; freeze: begun `ahead` steps earlier, agreeing with what is " +
        "executed meanwhile; predict: begun then on the predicted observation, finished on the real one",
    ),
  ahead: z.int().min(1).optional().describe("steps before a chunk is used up (1; 0 without overlap)"),
  blend: z.enum(["none", "linear", "quintic"]).default("quintic").describe("how a new chunk takes over"),
  command_rate_hz: z
    .number()
    .positive()
    .optional()
    .describe(
      "commands between the actions for a robot that takes them faster: a multiple of the policy's rate",
    ),
  blend_steps: z.int().min(1).default(4).describe("steps over which it does"),
});

export type PlanSettingsInput = z.infer<typeof planSettingsSchema>;

/** {@link planSettingsSchema} with what depends on the policy filled in. */
export interface PlanSettings {
  readonly execute: number;
  readonly overlap: "none" | "freeze" | "predict";
  readonly ahead: number;
  readonly blend: "none" | "linear" | "quintic";
  readonly blendSteps: number;
  /** Commands per control step; 1: the action alone. */
  readonly commands: number;
}

/** @throws ConfigurationError when the steps do not fit the policy's chunks. */
export function resolvePlanSettings(settings: PlanSettingsInput, manifest: Manifest): PlanSettings {
  const { execute = manifest.n_action_steps, overlap, blend, blend_steps: blendSteps } = settings;
  const ahead = overlap === "none" ? 0 : (settings.ahead ?? 1);
  const rows = manifest.horizon - manifest.n_obs_steps + 1;
  if (overlap === "none" && settings.ahead !== undefined) {
    throw new ConfigurationError(
      `plan.ahead is ${settings.ahead}, but nothing is solved ahead without an overlap; give plan.overlap, or leave it out`,
    );
  }
  if (execute + ahead > rows || ahead > execute) {
    throw new ConfigurationError(
      `plan.execute ${execute} with plan.ahead ${ahead} does not fit chunks of ${rows} steps; ` +
        `ahead is at most execute, and both together at most ${rows}`,
    );
  }
  const { command_rate_hz: commandRate = manifest.rate_hz } = settings;
  const commands = Math.round(commandRate / manifest.rate_hz);
  const isMultiple = Math.abs(commandRate - commands * manifest.rate_hz) < 1e-6 * commandRate;
  if (!isMultiple || commands < 1 || commands > MOST_COMMANDS) {
    throw new ConfigurationError(
      `plan.command_rate_hz is ${commandRate}; give a whole multiple of the policy's ${manifest.rate_hz} Hz, at most ${MOST_COMMANDS} times it`,
    );
  }
  return { execute, overlap, ahead, blend, blendSteps, commands };
}

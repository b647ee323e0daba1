import { z } from "zod";
import { resolvedBudgetsSchema } from "../control/budgets.js";
import type { LoopSettings } from "../control/loop-effects.js";
import type { PlanSettings } from "../control/plan-settings.js";
import { SAFE_RESIDUAL } from "../inference/tick-solver.js";
import { checked } from "../policy/errors.js";
import type { RecordingHeader } from "../recording/mcap-header.js";

const planSchema: z.ZodType<PlanSettings> = z.strictObject({
  execute: z.int().min(1),
  overlap: z.enum(["none", "freeze", "predict"]),
  ahead: z.int().min(0),
  blend: z.enum(["none", "linear", "quintic"]),
  blendSteps: z.int().min(1),
  commands: z.int().min(1),
});

/**
 * What the loops of a recording ran with.
 *
 * @throws ConfigurationError when its header does not say.
 */
export function recordedSettings({
  manifest,
  budgets,
  plan,
}: RecordingHeader): Omit<LoopSettings, "session"> {
  return {
    manifest,
    budgets: checked(resolvedBudgetsSchema, budgets),
    plan: checked(planSchema, plan),
    safeResidual: SAFE_RESIDUAL,
  };
}
